// Package ctl answers the control interface of a host: one table of subjects,
// each with its decoded request and its handler.
//
// Commands are acknowledged before the work is done, which then reports by
// events; update alone is acknowledged after it, as in the Elixir host, because
// wash waits for nothing but that ack.
package ctl

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// Host does the work. Its methods may be called concurrently. StartActor,
// ScaleActor, StopActor, StartProvider and StopProvider report by events alone.
type Host interface {
	Describe() wasmbus.Host
	Inventory() wasmbus.HostInventory
	Claims(ctx context.Context) ([]wasmbus.ClaimsRecord, error)
	Links(ctx context.Context) ([]wasmbus.LinkDefinition, error)
	PutLink(ctx context.Context, l wasmbus.LinkDefinition) error
	DeleteLink(ctx context.Context, actor, contract, link string) error
	Bids(constraints map[string]string) bool
	SetLabel(key, value string) error
	DeleteLabel(key string) error
	SetRegistries(map[string]wasmbus.RegistryCredential)
	StartActor(ctx context.Context, cmd wasmbus.StartActorCommand)
	ScaleActor(ctx context.Context, cmd wasmbus.ScaleActorCommand)
	StopActor(ctx context.Context, cmd wasmbus.StopActorCommand)
	UpdateActor(ctx context.Context, cmd wasmbus.UpdateActorCommand) error
	BidsProvider(req wasmbus.ProviderAuctionRequest) bool
	ProviderConflict(cmd wasmbus.StartProviderCommand) error
	StartProvider(ctx context.Context, cmd wasmbus.StartProviderCommand)
	StopProvider(ctx context.Context, cmd wasmbus.StopProviderCommand)
	Emit(event string, data any)
	Heartbeat()
	Stop()
}

// Bus is the connection, seen from here.
type Bus interface {
	// Subscribe calls handle for each message, one at a time; queue may be
	// empty. The returned function ends the subscription.
	Subscribe(subject, queue string, handle func(subject, reply string, data []byte)) (func(), error)
	Publish(subject string, data []byte) error
}

// Config wires a Router.
type Config struct {
	Host    string // N… key
	Control wasmbus.Control
	Bus     Bus
	Backend Host
	Log     *slog.Logger
}

// Router serves the control interface until Close.
type Router struct {
	cfg    Config
	table  map[string]handler
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
	unsubs []func()
}

// handler decodes a request and says what is to happen.
type handler func(ctx context.Context, data []byte) outcome

// outcome is a handler's answer. A nil reply is silence, which is how a host
// does not bid in an auction.
type outcome struct {
	reply any
	after func(ctx context.Context)     // work to be done once the reply is out
	later func(ctx context.Context) any // work that makes the reply
}

// Start subscribes. Background work ends with ctx or Close.
func Start(ctx context.Context, cfg Config) (*Router, error) {
	r := &Router{cfg: cfg}
	r.table = r.rows()
	r.ctx, r.cancel = context.WithCancel(ctx)
	for _, f := range r.families() {
		unsub, err := cfg.Bus.Subscribe(f.pattern, f.queue, r.serve)
		if err != nil {
			r.Close()
			return nil, fmt.Errorf("subscribing to %s: %w", f.pattern, err)
		}
		r.unsubs = append(r.unsubs, unsub)
	}
	return r, nil
}

// Close ends the subscriptions, interrupts work that still runs and waits for it.
func (r *Router) Close() {
	for _, unsub := range r.unsubs {
		unsub()
	}
	r.cancel()
	r.work.Wait()
}

type family struct{ pattern, queue string }

// families are the subscriptions. In those with a queue group one host answers
// for the lattice; get.* does not match get.<host>.inv, which has a token more.
func (r *Router) families() []family {
	base, id := r.cfg.Control.Base(), r.cfg.Host
	return []family{
		{base + ".ping.*", ""},
		{r.cfg.Control.Get(), r.cfg.Control.Queue("get")},
		{r.cfg.Control.LinkAny(), r.cfg.Control.Queue("linkdefs")},
		{base + ".auction.*", ""},
		{base + ".registries.*", ""},
		{base + ".get." + id + ".*", ""},
		{base + ".labels." + id + ".*", ""},
		{base + ".cmd." + id + ".*", ""},
	}
}

func (r *Router) serve(subject, reply string, data []byte) {
	h, known := r.table[subject]
	if !known {
		h = func(context.Context, []byte) outcome {
			return refuse("unsupported subject %s", subject)
		}
	}
	out := h(r.ctx, data)
	r.log(subject, out.reply)
	if out.reply != nil {
		r.send(reply, out.reply)
	}
	switch {
	case out.after != nil:
		r.work.Go(func() { out.after(r.ctx) })
	case out.later != nil:
		r.work.Go(func() {
			answer := out.later(r.ctx)
			r.log(subject, answer)
			r.send(reply, answer)
		})
	}
}

func (r *Router) send(to string, answer any) {
	if to == "" {
		return // wash publishes registries.put without wanting an answer
	}
	b, err := wasmbus.EncodeJSON(answer)
	if err == nil {
		err = r.cfg.Bus.Publish(to, b)
	}
	if err != nil {
		r.cfg.Log.Error("control reply was not sent", "error", err)
	}
}

func (r *Router) log(subject string, answer any) {
	request := strings.TrimPrefix(subject, r.cfg.Control.Base()+".")
	request = strings.Replace(request, "."+r.cfg.Host, "", 1)
	if ack, ok := answer.(wasmbus.Ack); ok && !ack.Accepted {
		r.cfg.Log.Warn("control request refused", "request", request, "error", ack.Error)
		return
	}
	r.cfg.Log.Debug("control request", "request", request)
}

func accept(after func(ctx context.Context)) outcome {
	return outcome{reply: wasmbus.Ack{Accepted: true}, after: after}
}

func refuse(format string, args ...any) outcome {
	return outcome{reply: wasmbus.Ack{Error: fmt.Sprintf(format, args...)}}
}

// ackOf answers work that is done already.
func ackOf(err error) outcome {
	if err != nil {
		return refuse("%v", err)
	}
	return accept(nil)
}
