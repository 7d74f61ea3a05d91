package core

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbin"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmrt"
)

func TestMain(m *testing.M) {
	// The client of the object store, closed at the wrong moment, waits on a nil channel forever.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/nats-io/nats.go/jetstream.(*jetStream).resetPendingAcksOnReconnect"))
}

// probeKey is the actor of testdata/probe_s.wasm.
const probeKey = "MCLFG44AN6RKNORIDSN5JACURXNEIP5Q6CH2BOG5FCTDF7HE6ES3MCQB"

// key is a test key: the same for the same name.
func key(k strkey.Kind, name string) *strkey.Seed {
	var raw [32]byte
	copy(raw[:], name)
	return strkey.FromRaw(k, raw)
}

// world is a host in a lattice of its own, with a client.
type world struct {
	t        testing.TB
	host     *Host
	conn     *lattice.Conn
	ctl      *lattice.Control
	events   *lattice.Subscription
	registry *registry.Registry
	logs     *syncBuffer
	cancel   context.CancelFunc
	done     chan error
	timeout  time.Duration // of a call
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// patience is what tests wait for something that must happen, and no time at all
// if all is well.
const patience = 30 * time.Second

var clusterSeed = key(strkey.Cluster, "cluster")

// start runs a host until the test ends. change may be nil.
func start(t testing.TB, change func(*Config)) *world {
	t.Helper()
	w := &world{t: t, registry: registry.New(registry.Options{}), logs: &syncBuffer{}, done: make(chan error, 1), timeout: patience}
	cfg := Config{
		ClusterSeed: clusterSeed, Server: &embedded.Config{Port: -1}, CacheDir: t.TempDir(), AllowFile: true, Version: "1.2.3",
		OCI:     oci.Config{Transport: w.registry, NoKeychain: true},
		Runtime: wasmrt.Config{Interpreter: true},
		// Far more than any call takes, for machines that do other things too.
		RPCTimeout: patience,
		Log:        slog.New(slog.NewTextHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if w.host, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	go func() { w.done <- w.host.Run(ctx) }()
	t.Cleanup(w.stop)
	select {
	case <-w.host.Ready():
	case err := <-w.done:
		t.Fatalf("the host did not start: %v\n%s", err, w.logs)
	}
	w.connect()
	return w
}

func (w *world) connect() {
	w.t.Helper()
	info := w.host.Info()
	var err error
	if w.conn, err = lattice.Connect(context.Background(), lattice.ConnectConfig{URL: info.NATSURL}); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(w.conn.Close)
	w.ctl = lattice.NewControl(w.conn, lattice.ControlConfig{Lattice: info.Lattice})
	if w.events, err = w.ctl.Events(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(w.events.Close)
}

func (w *world) stop() {
	w.cancel()
	if err := <-w.done; err != nil {
		w.t.Errorf("the host ended with %v", err)
	}
	w.done <- nil // stop may be called again by Cleanup
	if w.t.Failed() {
		w.t.Logf("host log:\n%s", w.logs)
	}
}

// event waits for the next event of that name and decodes its data.
func (w *world) event(name string, data any) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		e, err := w.events.Next(ctx)
		if err != nil {
			w.t.Fatalf("waiting for event %s: %v", name, err)
		}
		if e.Name() == name {
			if err := e.Decode(data); err != nil {
				w.t.Fatal(err)
			}
			return
		}
	}
}

// startRef starts one instance by the control interface and waits for its event.
func (w *world) startRef(ref string) wasmbus.ActorStarted {
	w.t.Helper()
	w.command(wasmbus.StartActorCommand{ActorRef: ref, Count: 1})
	var e wasmbus.ActorStarted
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		ev, err := w.events.Next(ctx)
		if err != nil {
			w.t.Fatalf("%s did not start: %v", ref, err)
		}
		switch ev.Name() {
		case wasmbus.EventActorStartFailed:
			w.t.Fatalf("%s did not start: %s", ref, ev.Data)
		case wasmbus.EventActorStarted:
			if err := ev.Decode(&e); err != nil {
				w.t.Fatal(err)
			}
			return e
		}
	}
}

// startFails starts ref and returns the reason in the event.
func (w *world) startFails(ref string) string {
	w.t.Helper()
	w.command(wasmbus.StartActorCommand{ActorRef: ref, Count: 1})
	var e wasmbus.ActorStartFailed
	w.event(wasmbus.EventActorStartFailed, &e)
	if e.ActorRef != ref {
		w.t.Errorf("event is about %q, want %q", e.ActorRef, ref)
	}
	return e.Error
}

// command sends a command, which must be accepted.
func (w *world) command(cmd any) {
	w.t.Helper()
	if err := w.send(cmd); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) send(cmd any) error {
	ctx, id := context.Background(), w.host.Info().HostID
	switch c := cmd.(type) {
	case wasmbus.StartActorCommand:
		c.HostID = id
		return w.ctl.StartActor(ctx, c)
	case wasmbus.ScaleActorCommand:
		c.HostID = id
		return w.ctl.ScaleActor(ctx, c)
	case wasmbus.StopActorCommand:
		c.HostID = id
		return w.ctl.StopActor(ctx, c)
	case wasmbus.UpdateActorCommand:
		c.HostID = id
		return w.ctl.UpdateActor(ctx, c)
	}
	panic("unknown command")
}

// call calls an actor as the lattice tool does.
func (w *world) call(actor, operation string, payload []byte) ([]byte, error) {
	return lattice.Call(context.Background(), w.conn, lattice.CallOptions{
		Lattice: w.host.Info().Lattice, Target: wasmbus.Actor(actor), Operation: operation, Payload: payload,
		HostKey: key(strkey.Server, "client"), Cluster: clusterSeed, Timeout: w.timeout,
	})
}

// get sends an HTTP request to an actor and returns the body of the answer.
func (w *world) get(actor, path string) (string, error) {
	path, query, _ := strings.Cut(path, "?")
	payload, err := wasmbus.JSONToMsgpack([]byte(`{"method":"GET","path":"` + path + `","queryString":"` + query + `","header":{},"body":""}`))
	if err != nil {
		w.t.Fatal(err)
	}
	reply, err := w.call(actor, "HttpServer.HandleRequest", payload)
	if err != nil {
		return "", err
	}
	text, err := wasmbus.MsgpackToJSON(reply, wasmbus.BinString)
	if err != nil {
		w.t.Fatal(err)
	}
	var response struct{ Body string }
	if err := json.Unmarshal(text, &response); err != nil {
		w.t.Fatal(err)
	}
	return response.Body, nil
}

// push stores a module in the registry under a tag of localhost:5000/test.
func (w *world) push(tag string, wasm []byte) (ref string) {
	w.t.Helper()
	layer, config := w.registry.Put("test", wasm), w.registry.Put("test", []byte("{}"))
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2,
		"config":        map[string]any{"mediaType": artifact.ModuleConfig, "digest": config, "size": 2},
		"layers":        []any{map[string]any{"mediaType": artifact.ModuleLayer, "digest": layer, "size": len(wasm)}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.registry.PutManifest("test", tag, "application/vnd.oci.image.manifest.v1+json", manifest)
	return "localhost:5000/test:" + tag
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sign makes an actor of a module. Its subject comes from the name.
func sign(t testing.TB, wasm []byte, name string, change func(*claims.Claims[claims.Actor])) []byte {
	t.Helper()
	var out bytes.Buffer
	_, _, err := wasmbin.Embed(&out, bytes.NewReader(wasm), wasmbin.TokenSection, func(i wasmbin.Info) (string, error) {
		c := claims.Claims[claims.Actor]{
			Subject: string(key(strkey.Module, name).Public()), Revision: claims.Revision,
			Metadata: &claims.Actor{Name: name, Hash: i.Hash, Caps: []string{}, Tags: []string{}},
		}
		if change != nil {
			change(&c)
		}
		return claims.Sign(c, strkey.Development())
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// variant changes a module's bytes without changing what it does.
func variant(t testing.TB, wasm []byte, text string) []byte {
	t.Helper()
	b := bytes.NewBuffer(bytes.Clone(wasm))
	if err := wasmbin.AppendCustom(b, "edit", []byte(text)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// file writes bytes to a file and returns its reference.
func file(t testing.TB, wasm []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "actor.wasm")
	if err := os.WriteFile(path, wasm, 0o600); err != nil {
		t.Fatal(err)
	}
	return "file://" + path
}
