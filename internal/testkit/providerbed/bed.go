// Package providerbed runs one provider in this process, on a lattice without a host: the test plays
// the host.
package providerbed

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

// Patience bounds every wait. It is long: other tests may run on this machine.
const Patience = 30 * time.Second

// LinkName is the provider's link name.
const LinkName = "default"

// Seed makes the same seed each time.
func Seed(k strkey.Kind, fill byte) *strkey.Seed {
	return strkey.FromRaw(k, [32]byte(bytes.Repeat([]byte{fill}, 32)))
}

// Actor is the key of one of the test's actors.
func Actor(n byte) string { return string(Seed(strkey.Module, 100+n).Public()) }

// Cluster signs the calls.
func Cluster() *strkey.Seed { return Seed(strkey.Cluster, 4) }

// HostKey is the key of the host that the test plays.
func HostKey() string { return string(Seed(strkey.Server, 5).Public()) }

// ProviderKey is the provider's key.
func ProviderKey() string { return string(Seed(strkey.Service, 3).Public()) }

// Context ends after Patience or with the test.
func Context(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	t.Cleanup(cancel)
	return ctx
}

// Setup describes a bed.
type Setup struct {
	Contract string
	Links    []provider.LinkDefinition // in the host data
	Data     func(*provider.HostData)  // changes the host data; nil = nothing
	Options  provider.Options          // Log and Ready are the bed's
	Server   *embedded.Server          // nil = one of its own
}

// Bed is a lattice with one provider.
type Bed struct {
	Server *embedded.Server
	Conn   *lattice.Conn
	Data   provider.HostData
	Host   *provider.Host
	Log    *Buffer
	// Timeout of Call; a call whose answer is lost with the server takes all of it.
	Timeout time.Duration

	t        testing.TB
	contract string
	done     chan error
	cancel   context.CancelFunc
}

// Buffer is a log that may be read while it is written.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// StartServer starts a NATS server at a free port.
func StartServer(t testing.TB) *embedded.Server {
	t.Helper()
	server, err := embedded.Start(Context(t), embedded.Config{Port: -1, StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	return server
}

// Link is a link of the bed's provider.
func Link(contract, actor string, values map[string]string) provider.LinkDefinition {
	return provider.LinkDefinition{ActorID: actor, ProviderID: ProviderKey(), LinkName: LinkName, ContractID: contract, Values: values}
}

// Start starts a provider, which ends with the test.
func Start(t testing.TB, p provider.Provider, s Setup) *Bed {
	t.Helper()
	server := s.Server
	if server == nil {
		server = StartServer(t)
	}
	conn, err := lattice.Connect(Context(t), lattice.ConnectConfig{URL: server.URL(), Name: t.Name()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	b := &Bed{Server: server, Conn: conn, Log: &Buffer{}, Timeout: Patience, t: t, contract: s.Contract, done: make(chan error, 1)}
	b.Data = provider.HostData{
		HostID: HostKey(), LatticeRPCPrefix: "default", LinkName: LinkName, LatticeRPCURL: server.URL(), ProviderKey: ProviderKey(),
		InvocationSeed: Cluster().Reveal(), InstanceID: "i", ClusterIssuers: []string{string(Cluster().Public())},
		LinkDefinitions: s.Links, DefaultRPCTimeoutMS: 20_000, LogLevel: "debug",
	}
	if s.Data != nil {
		s.Data(&b.Data)
	}
	b.run(p, s.Options)
	return b
}

func (b *Bed) run(p provider.Provider, o provider.Options) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	b.cancel = cancel
	b.t.Cleanup(func() { _ = b.Stop() })
	ready := make(chan *provider.Host, 1)
	o.Ready = func(h *provider.Host) { ready <- h }
	o.Log = b.Log
	go func() { b.done <- provider.Run(ctx, b.Data, p, o) }()
	select {
	case b.Host = <-ready:
	case err := <-b.done:
		b.done <- err
		b.t.Fatalf("the provider ended: %v\n%s", err, b.Log)
	case <-Context(b.t).Done():
		b.t.Fatalf("the provider is not ready\n%s", b.Log)
	}
}

// Cancel asks the provider to end, as a signal would.
func (b *Bed) Cancel() { b.cancel() }

// Stop ends the provider and waits for it; it may be called twice.
func (b *Bed) Stop() error {
	b.cancel()
	return b.Wait()
}

// Wait waits for the provider's end.
func (b *Bed) Wait() error {
	b.t.Helper()
	select {
	case err := <-b.done:
		b.done <- err
		return err
	case <-time.After(Patience):
		b.t.Errorf("the provider does not end\n%s", b.Log)
		return nil
	}
}

// Target is the provider as an actor's host addresses it.
func (b *Bed) Target() wasmbus.Entity {
	return wasmbus.Entity{PublicKey: ProviderKey(), LinkName: LinkName, ContractID: b.contract}
}

// Call plays the host of an actor that calls the provider.
func (b *Bed) Call(actor, op string, msg []byte) ([]byte, error) {
	b.t.Helper()
	return lattice.Call(Context(b.t), b.Conn, lattice.CallOptions{
		Lattice: b.Data.LatticeRPCPrefix, Origin: wasmbus.Actor(actor), Target: b.Target(), Operation: op, Payload: msg,
		HostID: HostKey(), Cluster: Cluster(), Timeout: b.Timeout,
	})
}

// Subject is the provider's RPC subject, or one below it: ".health".
func (b *Bed) Subject(end string) string {
	return wasmbus.ProviderSubject(b.Data.LatticeRPCPrefix, ProviderKey(), LinkName) + end
}

// Request fails the test without a reply.
func (b *Bed) Request(subject string, body []byte) *nats.Msg {
	b.t.Helper()
	m, err := b.Conn.NATS().Request(subject, body, Patience)
	if err != nil {
		b.t.Fatalf("%s: %v\n%s", subject, err, b.Log)
	}
	return m
}

// Health asks the provider for its health.
func (b *Bed) Health() wasmbus.Health {
	b.t.Helper()
	h, err := wasmbus.UnmarshalHealth(b.Request(b.Subject(".health"), wasmbus.HealthProbe()).Data)
	if err != nil {
		b.t.Fatal(err)
	}
	return h
}

// Publish sends a message that wants no reply.
func (b *Bed) Publish(subject string, body []byte) {
	b.t.Helper()
	if err := b.Conn.NATS().Publish(subject, body); err != nil {
		b.t.Fatal(err)
	}
}

// Eventually polls until ok holds.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.After(Patience)
	for !ok() {
		select {
		case <-end:
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}
