// Package core is the host: it wires the rooms of one duty each (fetching,
// policy, events, control interface) to a NATS connection and a wasm runtime,
// and owns the actors that run.
//
// The way of a call is intake, checks, slot, guest; that of a command is
// control interface, fetch, verify, compile, events.
package core

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/ctl"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/events"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/ocicache"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/provider"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmrt"
)

// Host is one wasmCloud host. Make it by New, then Run it, once.
type Host struct {
	cfg     Config
	log     *slog.Logger
	id      string // N…
	issuers []strkey.PublicKey
	name    string // friendly name

	ready    chan struct{} // closed when everything works
	stopping chan struct{} // closed by Stop
	stopOnce sync.Once

	// Set while Run starts, before anything else can reach them.
	started time.Time
	server  *embedded.Server // nil when another one was joined
	conn    *lattice.Conn
	bus     ctl.Bus
	state   *lattice.State
	cache   *ocicache.Cache
	runtime *wasmrt.Runtime
	events  *events.Emitter
	calls   context.Context // of the calls: ends after they had time to

	executables *provider.Store

	know   *knowledge
	bound  *issuers
	replay *wasmbus.Replay
	room   chan struct{} // one token per call in hand, so that memory is bounded
	large  *lattice.Room // what their arguments from the object store take

	lifecycle sync.Mutex     // one start, stop or update takes effect at a time
	telling   sync.Mutex     // providers are told of links in the order in which they changed
	draining  sync.WaitGroup // calls, and actors that wait for theirs
	attending sync.WaitGroup // providers

	mu         sync.Mutex // guards the maps
	actors     map[string]*actor
	providers  map[providerID]*capability
	labels     map[string]string
	registries map[string]wasmbus.RegistryCredential
}

// maxCalls bounds the calls in hand of all actors together; each may hold a
// payload of up to a NATS message; chunked ones share the host's room for such.
const maxCalls = 1024

// New checks a configuration and makes a host of it. Nothing is opened yet.
func New(cfg Config) (*Host, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	id := string(cfg.HostSeed.Public())
	return &Host{
		cfg: cfg, log: cfg.Log, id: id, issuers: cfg.clusterIssuers(), name: friendlyName(id),
		ready: make(chan struct{}), stopping: make(chan struct{}),
		know: newKnowledge(), bound: newIssuers(), replay: wasmbus.NewReplay(0), room: make(chan struct{}, maxCalls), large: lattice.NewRoom(),
		actors: map[string]*actor{}, providers: map[providerID]*capability{}, labels: cfg.Labels,
	}, nil
}

// Ready is closed once the host serves.
func (h *Host) Ready() <-chan struct{} { return h.ready }

// Stop makes Run end as if its context had. It does not wait.
func (h *Host) Stop() { h.stopOnce.Do(func() { close(h.stopping) }) }

// Info is how a running host is reached. It is complete once Ready is closed.
type Info struct {
	HostID, ClusterKey    string
	Lattice, CtlPrefix    string
	NATSURL, JSDomain     string
	FriendlyName, Version string
}

// Info returns the host's addresses.
func (h *Host) Info() Info {
	return Info{
		HostID: h.id, ClusterKey: string(h.issuers[0]),
		Lattice: h.cfg.Lattice, CtlPrefix: h.cfg.CtlPrefix,
		NATSURL: h.natsURL(), JSDomain: h.cfg.Connect.JSDomain,
		FriendlyName: h.name, Version: h.cfg.Version,
	}
}

func (h *Host) natsURL() string {
	switch {
	case h.server != nil:
		return h.server.URL()
	case h.conn != nil:
		return h.conn.URL()
	}
	return h.cfg.Connect.URL
}

func (h *Host) control() wasmbus.Control {
	return wasmbus.Control{Prefix: h.cfg.CtlPrefix, Lattice: h.cfg.Lattice}
}

// Run serves until ctx ends or Stop is called; then it stops in the order of
// intake, calls, providers, connection, server, and returns nil. An error means that the
// host could not start.
func (h *Host) Run(ctx context.Context) error {
	var open closers
	defer open.close()
	// Calls outlive ctx for a moment: those under way when it ends may finish.
	calls, interrupt := context.WithCancel(context.WithoutCancel(ctx))
	defer interrupt()
	h.calls = calls
	h.started = h.cfg.Now()

	if err := h.open(ctx, &open); err != nil {
		return err
	}
	unwatch, err := h.state.Watch(context.WithoutCancel(ctx), h.changed)
	if err != nil {
		return err
	}
	open.add(unwatch)
	ignore, err := h.watchNeighbours()
	if err != nil {
		return err
	}
	open.add(ignore)
	router, err := ctl.Start(context.WithoutCancel(ctx), ctl.Config{
		Host: h.id, Control: h.control(), Bus: h.bus, Backend: h, Log: h.log,
	})
	if err != nil {
		return err
	}
	h.events.Emit(wasmbus.EventHostStarted, wasmbus.HostStarted{
		FriendlyName: h.name, Labels: h.copyLabels(), Version: h.cfg.Version,
	})
	// Whoever learns now that the host is ready must reach its subscriptions.
	if err := h.conn.NATS().Flush(); err != nil {
		router.Close()
		return fmt.Errorf("reaching the NATS server: %w", err)
	}
	h.log.Info("host ready", "host", h.id, "name", h.name, "lattice", h.cfg.Lattice, "nats", h.natsURL(),
		"took", h.since(h.started, time.Millisecond))
	close(h.ready)

	h.beat(ctx)
	h.shutdown(router, interrupt)
	return nil
}

// open makes what the host stands on. The runtime is made while the NATS
// server starts.
func (h *Host) open(ctx context.Context, open *closers) (err error) {
	var runtimeErr error
	var wait sync.WaitGroup
	wait.Go(func() { h.runtime, runtimeErr = wasmrt.New(context.WithoutCancel(ctx), h.cfg.Runtime) })
	err = h.openLattice(ctx, open)
	wait.Wait()
	if h.runtime != nil {
		open.add(func() { h.runtime.Close(context.WithoutCancel(ctx)) })
	}
	if err := errors.Join(err, runtimeErr); err != nil {
		return err
	}
	if h.cache, err = ocicache.Open(filepath.Join(h.cfg.CacheDir, "oci")); err != nil {
		return err
	}
	h.executables, err = provider.OpenStore(filepath.Join(h.cfg.CacheDir, "lib"))
	return err
}

func (h *Host) openLattice(ctx context.Context, open *closers) (err error) {
	connect := h.cfg.Connect
	connect.Name = "devhost " + h.id
	if h.cfg.Server != nil {
		server := *h.cfg.Server
		server.Logger = h.log
		if h.server, err = embedded.Start(ctx, server); err != nil {
			return err
		}
		open.add(h.server.Shutdown)
		connect.InProcess = h.server
	}
	if h.conn, err = lattice.Connect(ctx, connect); err != nil {
		return err
	}
	open.add(h.conn.Close)
	h.bus = h.conn
	h.events = events.New(events.Config{
		Host: h.id, Lattice: h.cfg.Lattice, Publish: h.bus.Publish, Now: h.cfg.Now, Log: h.log,
	})
	if h.state, err = lattice.OpenState(ctx, h.conn, h.cfg.Lattice); err != nil {
		return fmt.Errorf("links and claims are kept in JetStream, which the NATS server at %s must have (nats-server -js): %w", h.natsURL(), err)
	}
	return nil
}

// beat tells the lattice from time to time that the host lives, until it is to
// stop.
func (h *Host) beat(ctx context.Context) {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			h.log.Info("host stopping", "cause", context.Cause(ctx))
			return
		case <-h.stopping:
			h.log.Info("host stopping", "cause", "a stop command")
			return
		case <-tick.C:
			h.Heartbeat()
		}
	}
}

// shutdown takes no more work, lets calls under way end and interrupts those
// that take too long.
func (h *Host) shutdown(router *ctl.Router, interrupt context.CancelFunc) {
	router.Close()
	h.lifecycle.Lock()
	for _, a := range h.running() {
		h.stopInstances(a, 0, nil)
	}
	h.lifecycle.Unlock()

	overdue := time.AfterFunc(h.cfg.RPCTimeout+stopTime, interrupt)
	h.draining.Wait()
	overdue.Stop()
	h.stopProviders() // after the calls, which may need them
	h.events.Emit(wasmbus.EventHostStopped, wasmbus.HostStopped{Labels: h.copyLabels()})
}

// closers run in reverse order, as defers do, but outlive the function that
// opened what they close.
type closers []func()

func (c *closers) add(f func()) { *c = append(*c, f) }

func (c *closers) close() {
	for i := len(*c) - 1; i >= 0; i-- {
		(*c)[i]()
	}
}
