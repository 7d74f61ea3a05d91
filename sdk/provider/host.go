package provider

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// Host is a provider's way to its lattice.
type Host struct {
	data HostData
	conn *lattice.Conn
	seed *strkey.Seed
	opts Options
	log  *slog.Logger
}

// CallActor calls an operation of the linked actor and returns its result. The deadline of ctx
// counts; without one it is the lattice's RPC timeout. With the context of a Provider.Call, what is
// called is a part of that call's trace. An error from the actor is an *ActorError.
func (h *Host) CallActor(ctx context.Context, link LinkDefinition, operation string, msg []byte) ([]byte, error) {
	timeout := h.Timeout()
	if end, ok := ctx.Deadline(); ok {
		timeout = time.Until(end)
	}
	return lattice.Call(ctx, h.conn, lattice.CallOptions{
		Lattice:   h.data.LatticeRPCPrefix,
		Origin:    wasmbus.Entity{PublicKey: h.data.ProviderKey, LinkName: h.data.LinkName, ContractID: link.ContractID},
		Target:    wasmbus.Actor(link.ActorID),
		Operation: operation,
		Payload:   msg,
		HostID:    h.data.HostID,
		Cluster:   h.seed,
		Timeout:   timeout,
		Now:       h.opts.Now(),
		Trace:     traceOf(ctx),
	})
}

// ActorError is what an actor, or its host, answered in place of a result.
type ActorError = lattice.RemoteError

// ErrNobody is wrapped by CallActor's error when no host runs the actor.
var ErrNobody = lattice.ErrNobody

// Timeout is how long calls of this lattice may take, unless they say otherwise.
func (h *Host) Timeout() time.Duration {
	if ms := h.data.DefaultRPCTimeoutMS; ms > 0 && ms < uint64(time.Hour/time.Millisecond) {
		return time.Duration(ms) * time.Millisecond
	}
	return lattice.DefaultCallTimeout
}

// Logger writes to standard error, from where hosts take a provider's log.
func (h *Host) Logger() *slog.Logger { return h.log }

// Config is the configuration given when the provider was started, "" if none was.
func (h *Host) Config() string {
	if h.data.ConfigJSON == nil {
		return ""
	}
	return *h.data.ConfigJSON
}

// Data is what the host said at the start. It holds seeds.
func (h *Host) Data() HostData { return h.data }

// NATS is the connection to the lattice. It reconnects on its own.
func (h *Host) NATS() *nats.Conn { return h.conn.NATS() }

// JetStream is that connection's JetStream, in the domain that the host told.
func (h *Host) JetStream() (jetstream.JetStream, error) { return h.conn.JetStream() }

// connect makes the Host, or says what of the host data stands against it.
func connect(ctx context.Context, hd HostData, o Options) (*Host, error) {
	hd, seed, err := check(hd)
	if err != nil {
		return nil, err
	}
	log, err := newLogger(hd, o.Log)
	if err != nil {
		return nil, err
	}
	if o.Conn != nil {
		return &Host{data: hd, conn: o.Conn, seed: seed, opts: o, log: log}, nil
	}
	conn, err := lattice.Connect(ctx, lattice.ConnectConfig{
		URL: hd.LatticeRPCURL, JWT: hd.LatticeRPCUserJWT, Seed: hd.LatticeRPCUserSeed, TLS: bool(hd.LatticeRPCTLS), JSDomain: hd.JSDomain,
		InProcess: o.InProcess, Name: "provider " + hd.ProviderKey + " " + hd.LinkName,
	})
	if err != nil {
		return nil, err
	}
	return &Host{data: hd, conn: conn, seed: seed, opts: o, log: log}, nil
}

// check refuses host data with which a provider cannot work, and fills in what the Rust SDK does.
func check(hd HostData) (HostData, *strkey.Seed, error) {
	if hd.LatticeRPCPrefix == "" {
		hd.LatticeRPCPrefix = wasmbus.DefaultLattice
	}
	if hd.LinkName == "" {
		hd.LinkName = "default"
	}
	if _, err := strkey.ParsePublic(hd.ProviderKey, strkey.Service); err != nil {
		return hd, nil, fmt.Errorf("host data: provider_key: %w", err)
	}
	if hd.HostID == "" {
		return hd, nil, fmt.Errorf("host data: host_id is empty; it is the key (N…) of the host that starts the provider")
	}
	seed, err := strkey.ParseSeed([]byte(hd.InvocationSeed), strkey.Cluster)
	if err != nil {
		return hd, nil, fmt.Errorf("host data: invocation_seed: %w", err)
	}
	return hd, seed, nil
}

// isTest: see wasmbus.TestHostID.
func (h *Host) isTest() bool { return h.data.HostID == wasmbus.TestHostID }
