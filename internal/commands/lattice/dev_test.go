package lattice

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/signer"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/core"
	bus "github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmrt"
)

// screen collects what a command writes while it runs.
type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// next waits until something is written after what was seen before.
func (s *screen) next(t *testing.T, from *int, want string) {
	t.Helper()
	testkit.Eventually(t, want, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		at := strings.Index(s.b.String()[*from:], want)
		if at >= 0 {
			*from += at + len(want)
		}
		return at >= 0
	})
}

// loop is a running `lattice dev`, in a folder of its own and on a host of its own.
type loop struct {
	t       *testing.T
	dir     string
	conn    *bus.Conn
	url     string
	cluster *strkey.Seed
	hostKey *strkey.Seed
	screen  *screen
	seen    int
	stop    func() int
}

func (l *loop) path(name string) string { return filepath.Join(l.dir, name) }

// edit writes a file as editors do: beside it, then in its place.
func (l *loop) edit(name string, content []byte) {
	l.t.Helper()
	path := l.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(path+"~", content, 0o700); err != nil {
		l.t.Fatal(err)
	}
	if err := os.Rename(path+"~", path); err != nil {
		l.t.Fatal(err)
	}
}

func (l *loop) wait(want string) {
	l.t.Helper()
	defer func() {
		if l.t.Failed() {
			l.t.Log(l.screen.b.String())
		}
	}()
	l.screen.next(l.t, &l.seen, want)
}

func newLoop(t *testing.T) *loop {
	t.Helper()
	l := &loop{t: t, dir: t.TempDir(), cluster: strkey.FromRaw(strkey.Cluster, [32]byte{3}), hostKey: strkey.FromRaw(strkey.Server, [32]byte{4}), screen: &screen{}}
	host, err := core.New(core.Config{
		ClusterSeed: l.cluster, Server: &embedded.Config{Port: -1, StoreDir: l.path(".nats")}, CacheDir: l.path(".cache"), AllowFile: true,
		Runtime: wasmrt.Config{Interpreter: true}, RPCTimeout: 20 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- host.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	select {
	case <-host.Ready():
	case err := <-done:
		done <- nil
		t.Fatal(err)
	}
	if l.conn, err = bus.Connect(ctx, bus.ConnectConfig{InProcess: host.InProcess()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.conn.Close)
	l.url = host.Info().NATSURL
	return l
}

// run starts the command.
func (l *loop) run(args ...string) {
	conn, err := bus.Connect(l.t.Context(), bus.ConnectConfig{URL: l.url})
	if err != nil {
		l.t.Fatal(err)
	}
	s := &cli.IO{In: strings.NewReader(""), Out: l.screen, Err: l.screen, Now: time.Now, Env: func(string) string { return "" }}
	given := &session{io: s, conn: conn, place: place{source: "this test", lattice: "default", clusterSeed: l.cluster.Reveal(), seedSource: "this test"}}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan int, 1)
	go func() {
		done <- cli.Main(ctx, s, append([]string{"dev"}, args...), func(s *cli.IO) *cobra.Command {
			root := cli.Root(s, "lattice", "")
			root.AddCommand(devCommand(s, given))
			return root
		})
	}()
	l.stop = sync.OnceValue(func() int {
		cancel()
		return <-done
	})
	l.t.Cleanup(func() { l.stop() })
}

func (l *loop) call(target, origin wasmbus.Entity, operation string) (string, error) {
	reply, err := bus.Call(context.Background(), l.conn, bus.CallOptions{
		Target: target, Origin: origin, Operation: operation, HostKey: l.hostKey, Cluster: l.cluster, Timeout: 20 * time.Second,
	})
	if err != nil {
		return "", err
	}
	text, err := wasmbus.DecodeReply(reply, wasmbus.BinString)
	return string(text), err
}

// speaking is an actor that says one thing.
func speaking(text string) []byte {
	return testkit.Speaking(append([]byte{0xa0 | byte(len(text))}, text...))
}

// signed makes such an actor; whatever it says its name, version and revision are the
// same.
func signed(t *testing.T, text string) (file []byte, key string) {
	t.Helper()
	file, err := testkit.Sign(t.Context(), t.TempDir(), signer.Command, speaking(text), "--name", "speaker", "--ver", "0.1.0", "--rev", "1")
	if err != nil {
		t.Fatal(err)
	}
	a, err := artifact.Read(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return file, a.Subject()
}

const compile = `grep -q broken src/note && { echo 'src/note:1: syntax error'; exit 1; }; mkdir -p build && cp src/artifact build/out.wasm`

func TestDevActor(t *testing.T) {
	l := newLoop(t)
	one, key := signed(t, "one")
	two, _ := signed(t, "two")
	three, _ := signed(t, "three")
	l.edit("src/artifact", one)
	l.edit("src/note", []byte("fine"))
	l.edit("cases/says.txtar", []byte("-- call Any.Thing --\n-- reply --\n\"one\"\n"))
	t.Chdir(l.dir)
	l.run("build/out.wasm", "--watch", "src", "--cases", "cases", "--", "sh", "-c", compile)
	l.wait("Live: build/out.wasm (" + key + ")")
	l.wait("Pass: says\nTest results: 1/1 Passed")
	l.wait("waiting for changes")

	// From here on somebody calls all the time, and no call may fail.
	calls, end := context.WithCancel(t.Context())
	done := make(chan error, 1)
	says := func() (string, error) { return l.call(wasmbus.Actor(key), wasmbus.Actor(key), "Any.Thing") }
	go func() {
		for calls.Err() == nil {
			if _, err := says(); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()

	l.edit("src/artifact", two)
	l.wait("changed: src/artifact")
	l.wait("Live: ")
	l.wait(`Fail: says: cases/says.txtar:1: step 1, Any.Thing: reply: want "one", got "two"`)
	l.wait("0/1 Passed")
	if got, err := says(); err != nil || got != `"two"` {
		t.Errorf("after the edit: %s, %v", got, err)
	}
	l.wait("waiting for changes")
	l.edit("cases/says.txtar", []byte("-- call Any.Thing --\n-- reply --\n\"two\"\n"))
	l.wait("1/1 Passed")
	l.wait("waiting for changes")

	// What cannot be built or is no actor leaves the last one alone.
	l.edit("src/note", []byte("broken"))
	l.wait("src/note:1: syntax error")
	l.wait("Failed: the build failed: exit status 1; what ran before goes on running")
	l.wait("waiting for changes")
	l.edit("src/artifact", speaking("unsigned"))
	l.edit("src/note", []byte("fine again"))
	l.wait("Failed: build/out.wasm: it is not signed; name the signed file")
	l.wait("waiting for changes")
	l.edit("cases/says.txtar", []byte("-- reply --\n"))
	l.edit("src/artifact", three)
	l.wait("Live: ")
	l.wait(`Failed: the cases: cases/says.txtar:1: section "reply" comes before the first call`)
	if got, err := says(); err != nil || got != `"three"` {
		t.Errorf("at last: %s, %v", got, err)
	}
	end()
	if err := <-done; err != nil {
		t.Errorf("a call failed: %v", err)
	}
	if code := l.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestDevProvider(t *testing.T) {
	l := newLoop(t)
	bin := l.path("bin/prov-good")
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(bin), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(executable, bin); err != nil {
		t.Fatal(err)
	}
	// Key, version and revision are the same for all.
	version := func(n string) {
		t.Helper()
		script := l.path("script")
		if err := os.WriteFile(script, []byte("#!/bin/sh\nexport P_SECRET="+n+"\nexec "+bin+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := archive(l.path("made"), script, par.HostTarget()); err != nil {
			t.Fatal(err)
		}
		made, err := os.ReadFile(l.path("made"))
		if err != nil {
			t.Fatal(err)
		}
		l.edit("src/artifact", made)
	}
	version("one")
	l.edit("cases/values.txtar", []byte("-- call Echo.Values --\n-- reply --\n{\"env\":\"one\",\"path\":\"…\",\"log\":\"…\",\"host\":\"…\"}\n"))
	key := string(strkey.FromRaw(strkey.Service, [32]byte{2}).Public())
	actor := string(strkey.FromRaw(strkey.Module, [32]byte{6}).Public())
	state, err := bus.OpenState(t.Context(), l.conn, "default")
	if err != nil {
		t.Fatal(err)
	}
	if err := state.PutLink(t.Context(), wasmbus.LinkDefinition{ActorID: actor, ProviderID: key, LinkName: "default", ContractID: "test:echo"}); err != nil {
		t.Fatal(err)
	}
	says := func() string {
		got, err := l.call(wasmbus.Entity{PublicKey: key, LinkName: "default", ContractID: "test:echo"}, wasmbus.Actor(actor), "Echo.Values")
		if err != nil {
			return err.Error()
		}
		return got
	}
	t.Chdir(l.dir)
	l.run("build/out.par.gz", "--watch", "src", "--cases", "cases", "--", "sh", "-c", "mkdir -p build && cp src/artifact build/out.par.gz")
	l.wait("Live: build/out.par.gz (" + key + ")")
	l.wait("1/1 Passed")
	if got := says(); !strings.Contains(got, `"env":"one"`) {
		t.Errorf("at first: %s", got)
	}
	l.wait("waiting for changes")
	version("two")
	l.wait("Live: ")
	if got := says(); !strings.Contains(got, `"env":"two"`) {
		t.Errorf("after the edit: %s", got)
	}
	l.wait(`Fail: values: cases/values.txtar:1: step 1, Echo.Values: reply: .env: want "one", got "two"`)
}

// A build that writes among its sources does not run for ever.
func TestDevLeavesOutWhatTheBuildWrites(t *testing.T) {
	l := newLoop(t)
	one, _ := signed(t, "one")
	l.edit("src/artifact", one)
	t.Chdir(l.dir)
	l.run("build/out.wasm", "--watch", "src", "--", "sh", "-c", "date +%N > src/generated; mkdir -p build && cp src/artifact build/out.wasm")
	l.wait("src/generated is written by the build itself and is not watched any more")
	l.wait("waiting for changes")
	two, _ := signed(t, "two")
	l.edit("src/artifact", two)
	l.wait("changed: src/artifact")
	l.wait("Live: ")
}

func TestWatch(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.go", "1")
	write("deep/er/b.go", "1")
	write("skipped/c.go", "1")
	w := &watch{places: []string{dir, filepath.Join(dir, "missing")}, skip: map[string]bool{filepath.Join(dir, "skipped"): true}}
	before := w.scan()
	if len(before) != 2 {
		t.Fatalf("%v", before)
	}
	for _, name := range []string{".git/x", "target/x", "build/x", "node_modules/x", "bin/x", "skipped/d.go"} {
		write(name, "1")
	}
	if got := changed(before, w.scan()); len(got) != 0 {
		t.Errorf("what does not count: %q", got)
	}
	write("deep/er/b.go", "12")
	write("new.go", "1")
	if err := os.Remove(filepath.Join(dir, "a.go")); err != nil {
		t.Fatal(err)
	}
	files, _, err := w.wait(t.Context(), before)
	if err != nil || len(files) != 3 || some(files) != strings.Join(files, ", ") {
		t.Errorf("changed: %q, %v", files, err)
	}
	if some([]string{"a", "b", "c", "d", "e"}) != "a, b, c and 2 more" {
		t.Error(some([]string{"a", "b", "c", "d", "e"}))
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := w.wait(ended, w.scan()); err == nil {
		t.Error("it waits on")
	}
}
