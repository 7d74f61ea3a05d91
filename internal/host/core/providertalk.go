package core

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// What a host says to its providers: host data at the start, links, health
// checks and the request to end.

// hostData is the line that a new process gets on its standard input.
func (h *Host) hostData(p *capability, run *providerRun) ([]byte, error) {
	access, err := h.providerAccess()
	if err != nil {
		return nil, err
	}
	for _, l := range h.know.linksOf(p.entity) {
		run.told[l.ID()] = l
	}
	d := wasmbus.HostData{
		HostID: h.id, LatticeRPCPrefix: h.cfg.Lattice, LinkName: p.entity.LinkName, ProviderKey: p.entity.PublicKey,
		LatticeRPCURL: access.URL, LatticeRPCUserJWT: access.JWT, LatticeRPCUserSeed: access.Seed,
		InvocationSeed: run.issuer.Reveal(), InstanceID: run.instance,
		LinkDefinitions:     slices.SortedFunc(maps.Values(run.told), compareLinks),
		DefaultRPCTimeoutMS: uint64(h.cfg.RPCTimeout.Milliseconds()),
		StructuredLogging:   h.cfg.ProviderLogJSON, LogLevel: h.cfg.ProviderLogLevel, JSDomain: h.cfg.Connect.JSDomain,
	}
	for _, k := range h.issuers {
		d.ClusterIssuers = append(d.ClusterIssuers, string(k))
	}
	// Some SDKs look for their own key in the list.
	if own := string(run.issuer.Public()); !slices.Contains(d.ClusterIssuers, own) {
		d.ClusterIssuers = append(d.ClusterIssuers, own)
	}
	if p.configuration != "" {
		d.ConfigJSON = &p.configuration
	}
	return d.Line()
}

// askHealth asks a provider how it is. An error means that it did not answer. An
// answer that names another instance is that of another host; of one that names
// none nobody can tell.
func (h *Host) askHealth(ctx context.Context, p *capability, run *providerRun, within time.Duration) (wasmbus.Health, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	nc := h.conn.NATS()
	answers, err := nc.SubscribeSync(nc.NewInbox())
	if err != nil {
		return wasmbus.Health{}, err
	}
	defer func() { _ = answers.Unsubscribe() }()
	subject := wasmbus.HealthSubject(h.cfg.Lattice, p.entity.PublicKey, p.entity.LinkName)
	if err := nc.PublishRequest(subject, answers.Subject, wasmbus.HealthProbe()); err != nil {
		return wasmbus.Health{}, err
	}
	for {
		reply, err := answers.NextMsgWithContext(ctx)
		if err != nil {
			return wasmbus.Health{}, err // that nobody listens, too
		}
		if from := reply.Header.Get(wasmbus.InstanceHeader); from == "" || from == run.instance {
			return wasmbus.UnmarshalHealth(reply.Data)
		}
	}
}

// healthTime is how long a provider may take to say how it is.
const healthTime = 2 * time.Second

// checkHealth reports a provider's health: passed or failed when it changed,
// status otherwise.
func (h *Host) checkHealth(p *capability, run *providerRun) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { // neither its end nor a stop waits for the answer
		defer cancel()
		select {
		case <-ctx.Done():
		case <-p.stopping:
		case <-run.process.Done():
		}
	}()
	health, err := h.askHealth(ctx, p, run, healthTime)
	if ctx.Err() != nil {
		return
	}
	if err == nil && !health.Healthy {
		err = errors.New(health.Message)
	}
	healthy := err == nil
	changed := run.healthy == nil || *run.healthy != healthy
	run.healthy = &healthy
	event := wasmbus.EventHealthStatus
	if changed {
		event = wasmbus.EventHealthFailed
		if healthy {
			event = wasmbus.EventHealthPassed
			// It may have missed some while it was not well.
			h.tellLinks(p, run)
		} else {
			p.missesLinks(run)
		}
	}
	if !healthy {
		h.log.Warn("provider is not healthy", "provider", p.entity.PublicKey, "link", p.entity.LinkName, "error", err)
	}
	h.events.Emit(event, wasmbus.HealthCheck{ContractID: p.entity.ContractID, LinkName: p.entity.LinkName, PublicKey: p.entity.PublicKey})
}

// tellLinks brings a process up to date: what it knows already it ignores.
func (h *Host) tellLinks(p *capability, run *providerRun) {
	h.telling.Lock() // what is known now must not be told after what comes next
	defer h.telling.Unlock()
	now := map[string]wasmbus.LinkDefinition{}
	for _, l := range h.know.linksOf(p.entity) {
		now[l.ID()] = l
	}
	p.mu.Lock()
	before := run.told
	run.told, run.hears = now, true
	p.mu.Unlock()
	for id, l := range before {
		if !sameLink(l, now[id]) {
			h.publishLink(l, true)
		}
	}
	for _, l := range now {
		h.publishLink(l, false)
	}
}

// publishLink tells a provider of a link, wherever it runs.
func (h *Host) publishLink(l wasmbus.LinkDefinition, deleted bool) {
	subject := wasmbus.LinkPutSubject
	if deleted {
		subject = wasmbus.LinkDelSubject
	}
	if err := h.bus.Publish(subject(h.cfg.Lattice, l.ProviderID, l.LinkName), l.Marshal()); err != nil {
		h.log.Error("provider was not told of a link", "provider", l.ProviderID, "error", err)
	}
}

// askShutdown asks a provider to end. It names this host, because the same
// provider may run on another one and listens to the same subject.
func (h *Host) askShutdown(ctx context.Context, p *capability) error {
	body, err := wasmbus.EncodeJSON(wasmbus.ShutdownRequest{HostID: h.id})
	if err != nil {
		return err
	}
	subject := wasmbus.ShutdownSubject(h.cfg.Lattice, p.entity.PublicKey, p.entity.LinkName)
	_, err = h.conn.NATS().RequestWithContext(ctx, subject, body)
	return err
}

// providerLine passes on what a provider wrote to its output.
func (h *Host) providerLine(p *capability, text string) {
	h.log.Log(context.Background(), slog.LevelInfo, text, "provider", p.entity.PublicKey, "name", p.code.name(), "link", p.entity.LinkName)
	b, err := wasmbus.EncodeJSON(wasmbus.LogLine{
		Provider: p.entity.PublicKey, Link: p.entity.LinkName, Level: "info", Text: text, Time: h.cfg.Now().UTC().Format(time.RFC3339Nano),
	})
	if err == nil {
		err = h.bus.Publish(wasmbus.LogSubject(h.cfg.Lattice), b)
	}
	if err != nil {
		h.log.Debug("log line was not published", "error", err)
	}
}

// stopLevel: a provider that ends by itself is somebody's trouble.
func stopLevel(wanted bool) slog.Level {
	if wanted {
		return slog.LevelInfo
	}
	return slog.LevelError
}

// access is how a provider reaches the NATS server.
type access struct{ URL, JWT, Seed string }

func (h *Host) providerAccess() (access, error) {
	if h.server != nil {
		if h.cfg.Server.Port == 0 {
			return access{}, errors.New("the embedded NATS server listens on no port, so no provider can reach it: give it one (--nats-port)")
		}
		return access{URL: h.server.URL()}, nil
	}
	jwt, seed, err := h.cfg.Connect.Credentials()
	if err != nil {
		return access{}, fmt.Errorf("a provider needs the NATS credentials: %w", err)
	}
	return access{URL: h.conn.URL(), JWT: jwt, Seed: seed}, nil
}
