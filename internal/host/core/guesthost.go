package core

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/dash"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/policy"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// guestHost is what an actor reaches during one call.
type guestHost struct {
	h    *Host
	a    *actor
	c    *code
	call string // id of the invocation; calls to other actors of this host keep it
}

// HostCall implements wasmrt.Host: namespace says who is called. The order is
// that of the original hosts: a built-in, an actor's key, the contract of a
// link, an actor's call alias.
func (g *guestHost) HostCall(ctx context.Context, binding, namespace, operation string, payload []byte) ([]byte, error) {
	// Some guests repeat the namespace in the operation; the Rust host strips it.
	operation = strings.TrimPrefix(operation, namespace+"/")
	if g.h.cfg.Traces == nil {
		return g.dispatch(ctx, binding, namespace, operation, payload)
	}
	ctx, span := g.h.cfg.Traces.Begin(ctx, g.span(binding, namespace, operation, payload))
	out, err := g.dispatch(ctx, binding, namespace, operation, payload)
	span.End(len(out), err)
	return out, err
}

func (g *guestHost) dispatch(ctx context.Context, binding, namespace, operation string, payload []byte) ([]byte, error) {
	if strings.HasPrefix(namespace, builtinPrefix) {
		return builtin(ctx, namespace, operation, payload, g.log)
	}
	if len(namespace) == 56 && namespace[0] == 'M' {
		return g.callActor(ctx, namespace, operation, payload)
	}
	if link, ok := g.h.know.provider(g.a.key, namespace, binding); ok {
		if err := policy.Capability(g.c.meta().Caps, namespace); err != nil {
			return nil, err
		}
		target := wasmbus.Entity{PublicKey: link.ProviderID, LinkName: link.LinkName, ContractID: link.ContractID}
		return g.callRemote(ctx, target, operation, payload)
	}
	if key, ok := g.h.actorNamed(namespace); ok {
		return g.callActor(ctx, key, operation, payload)
	}
	return nil, g.unknown(binding, namespace)
}

// unknown says why nobody can be called. Contract ids have a colon, aliases
// cannot.
func (g *guestHost) unknown(binding, namespace string) error {
	if !strings.Contains(namespace, ":") {
		return fmt.Errorf("no actor has the call alias %q: start it, or link this actor to a provider of that contract", namespace)
	}
	if err := policy.Capability(g.c.meta().Caps, namespace); err != nil {
		return err
	}
	return policy.MissingLink(namespace, binding)
}

// callActor calls an actor. One of this host is called without the detour over
// NATS; there is nothing to verify, because nobody else had a hand in it.
func (g *guestHost) callActor(ctx context.Context, key, operation string, payload []byte) ([]byte, error) {
	if a := g.h.actor(key); a != nil {
		return g.h.run(ctx, a, g.call, operation, payload)
	}
	return g.callRemote(ctx, wasmbus.Actor(key), operation, payload)
}

// Log implements wasmrt.Host.
func (g *guestHost) Log(ctx context.Context, line string) { g.log(ctx, "info", line) }

// log writes an actor's line to the host's log and publishes it for those who
// test or watch actors.
func (g *guestHost) log(ctx context.Context, level, text string) {
	g.h.log.Log(dash.Published(ctx), slogLevel(level), text, "actor", g.a.key, "name", g.c.art.Name(), "call", g.call)
	b, err := wasmbus.EncodeJSON(wasmbus.LogLine{
		Actor: g.a.key, Call: g.call, Level: level, Text: text, Time: g.h.cfg.Now().UTC().Format(time.RFC3339Nano),
	})
	if err == nil {
		err = g.h.bus.Publish(wasmbus.LogSubject(g.h.cfg.Lattice), b)
	}
	if err != nil {
		g.h.log.Debug("log line was not published", "error", err)
	}
}

func slogLevel(level string) slog.Level {
	switch level {
	case "trace", "debug":
		return slog.LevelDebug
	case "info":
		return slog.LevelInfo
	case "warn":
		return slog.LevelWarn
	}
	return slog.LevelError
}
