package provider_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is long: other tests may run on this machine.
const patience = 30 * time.Second

const contract = "wasmcloud:sample"

func seedOf(k strkey.Kind, fill byte) *strkey.Seed {
	return strkey.FromRaw(k, [32]byte(bytes.Repeat([]byte{fill}, 32)))
}

var (
	cluster     = seedOf(strkey.Cluster, 4)
	hostKey     = string(seedOf(strkey.Server, 5).Public())
	providerKey = string(seedOf(strkey.Service, 3).Public())
	actorKey    = string(seedOf(strkey.Module, 2).Public())
	otherKey    = string(seedOf(strkey.Module, 9).Public())
)

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func linkOf(actor string) provider.LinkDefinition {
	return provider.LinkDefinition{
		ActorID: actor, ProviderID: providerKey, LinkName: "default", ContractID: contract, Values: map[string]string{"k": "v"},
	}
}

// sample records what it is told; its call may be replaced.
type sample struct {
	mu       sync.Mutex
	events   []string
	call     func(ctx context.Context, c provider.Call) ([]byte, error)
	link     func(l provider.LinkDefinition) error
	unhealth error
	host     *provider.Host
}

func (s *sample) note(event string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, event)
}

func (s *sample) noted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.events...)
}

func (s *sample) Init(_ context.Context, h *provider.Host) error {
	s.host = h
	s.note("init")
	return nil
}

func (s *sample) Link(_ context.Context, l provider.LinkDefinition) error {
	s.note("link " + l.ActorID[:4] + " " + l.Values["k"])
	if s.link != nil {
		return s.link(l)
	}
	return nil
}

func (s *sample) Unlink(_ context.Context, l provider.LinkDefinition) error {
	s.note("unlink " + l.ActorID[:4] + " " + l.Values["k"])
	return nil
}

func (s *sample) Shutdown(context.Context) error {
	s.note("shutdown")
	return nil
}

func (s *sample) Health(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unhealth
}

func (s *sample) Call(ctx context.Context, c provider.Call) ([]byte, error) {
	if s.call != nil {
		return s.call(ctx, c)
	}
	switch c.Operation {
	case "Sample.Echo":
		return c.Msg, nil
	case "Sample.Fail":
		return nil, errors.New("sample refuses")
	case "Sample.Panic":
		panic("sample panics")
	}
	return nil, provider.UnknownOperation(c.Operation)
}

// bed is a lattice with one provider and no host: the test plays the host.
type bed struct {
	t      *testing.T
	server *embedded.Server
	conn   *lattice.Conn
	data   provider.HostData
	host   *provider.Host
	log    *buffer
	done   chan error
	cancel context.CancelFunc
}

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

type setup struct {
	data func(*provider.HostData)
	opts provider.Options
}

func start(t *testing.T, p provider.Provider, s setup) *bed {
	t.Helper()
	server, err := embedded.Start(testContext(t), embedded.Config{Port: -1, StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	return startOn(t, server, p, s)
}

func startOn(t *testing.T, server *embedded.Server, p provider.Provider, s setup) *bed {
	t.Helper()
	conn, err := lattice.Connect(testContext(t), lattice.ConnectConfig{URL: server.URL(), Name: t.Name()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	b := &bed{t: t, server: server, conn: conn, log: &buffer{}, done: make(chan error, 1)}
	b.data = provider.HostData{
		HostID: hostKey, LatticeRPCPrefix: "default", LinkName: "default", LatticeRPCURL: server.URL(), ProviderKey: providerKey,
		InvocationSeed: cluster.Reveal(), InstanceID: "i", ClusterIssuers: []string{string(cluster.Public())},
		LinkDefinitions: []provider.LinkDefinition{linkOf(actorKey)}, DefaultRPCTimeoutMS: 20_000, LogLevel: "debug",
	}
	if s.data != nil {
		s.data(&b.data)
	}
	ctx, cancel := context.WithCancel(context.Background())
	b.cancel = cancel
	t.Cleanup(b.stop)
	ready := make(chan *provider.Host, 1)
	s.opts.Ready = func(h *provider.Host) { ready <- h }
	s.opts.Log = b.log
	go func() { b.done <- provider.Run(ctx, b.data, p, s.opts) }()
	select {
	case b.host = <-ready:
	case err := <-b.done:
		b.done <- err
		t.Fatalf("the provider ended: %v\n%s", err, b.log)
	case <-testContext(t).Done():
		t.Fatalf("the provider is not ready\n%s", b.log)
	}
	return b
}

// stop ends the provider and waits for it; it may be called twice.
func (b *bed) stop() {
	b.cancel()
	b.wait()
}

func (b *bed) wait() error {
	b.t.Helper()
	select {
	case err := <-b.done:
		b.done <- err
		return err
	case <-time.After(patience):
		b.t.Errorf("the provider does not end\n%s", b.log)
		return nil
	}
}

func (b *bed) target() wasmbus.Entity {
	return wasmbus.Entity{PublicKey: providerKey, LinkName: "default", ContractID: contract}
}

// call plays the host of an actor.
func (b *bed) call(actor, op string, msg []byte) ([]byte, error) {
	b.t.Helper()
	return lattice.Call(testContext(b.t), b.conn, lattice.CallOptions{
		Lattice: b.data.LatticeRPCPrefix, Origin: wasmbus.Actor(actor), Target: b.target(), Operation: op, Payload: msg,
		HostID: hostKey, Cluster: cluster, Timeout: patience,
	})
}

func (b *bed) subject(end string) string {
	return wasmbus.ProviderSubject(b.data.LatticeRPCPrefix, providerKey, "default") + end
}

func (b *bed) request(subject string, body []byte) *nats.Msg {
	b.t.Helper()
	m, err := b.conn.NATS().Request(subject, body, patience)
	if err != nil {
		b.t.Fatalf("%s: %v\n%s", subject, err, b.log)
	}
	return m
}

func (b *bed) publish(subject string, body []byte) {
	b.t.Helper()
	if err := b.conn.NATS().Publish(subject, body); err != nil {
		b.t.Fatal(err)
	}
}

// eventually polls until ok holds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.After(patience)
	for !ok() {
		select {
		case <-end:
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}
