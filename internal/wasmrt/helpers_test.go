package wasmrt_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmrt"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
)

// scratch is where the compiled example lies; TestMain removes it.
var scratch string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if scratch, err = os.MkdirTemp("", "wasmrt"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(scratch)
		return m.Run()
	}())
}

// Go actors as the compiler leaves them, built once for all tests.
var (
	echoWasm    = sync.OnceValues(func() ([]byte, error) { return build("../../examples/echo") })
	toolboxWasm = sync.OnceValues(func() ([]byte, error) { return build("../../examples/toolbox") })
	guestWasm   = sync.OnceValues(func() ([]byte, error) { return build("./testdata/guest") })
)

func build(pkg string) ([]byte, error) {
	out := filepath.Join(scratch, filepath.Base(pkg)+".wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building %s: %w: %s", pkg, err, text)
	}
	return os.ReadFile(out)
}

func compileEcho(t testing.TB, rt *wasmrt.Runtime) *wasmrt.Module {
	t.Helper()
	wasm, err := echoWasm()
	if err != nil {
		t.Fatal(err)
	}
	return compile(t, rt, wasm)
}

func compileProbe(t testing.TB, rt *wasmrt.Runtime) *wasmrt.Module {
	t.Helper()
	wasm, err := os.ReadFile("testdata/probe.wasm")
	if err != nil {
		t.Fatal(err)
	}
	return compile(t, rt, wasm)
}

func newRuntime(t testing.TB, cfg wasmrt.Config) *wasmrt.Runtime {
	t.Helper()
	rt, err := wasmrt.New(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rt.Close(context.Background()); err != nil {
			t.Errorf("closing the runtime: %v", err)
		}
	})
	return rt
}

func compile(t testing.TB, rt *wasmrt.Runtime, wasm []byte) *wasmrt.Module {
	t.Helper()
	m, err := rt.Compile(context.Background(), wasm)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// fakeHost has the built-ins of a real host and no links.
type fakeHost struct {
	mu    sync.Mutex
	calls []string // "binding namespace operation"
	lines []string
	serve func(ctx context.Context, namespace, operation string, payload []byte) ([]byte, error) // instead of the built-ins
}

func (h *fakeHost) HostCall(ctx context.Context, binding, namespace, operation string, payload []byte) ([]byte, error) {
	h.mu.Lock()
	h.calls = append(h.calls, binding+" "+namespace+" "+operation)
	h.mu.Unlock()
	if h.serve != nil {
		return h.serve(ctx, namespace, operation, payload)
	}
	switch operation {
	case "NumberGen.RandomInRange":
		return msgpack.AppendUint(nil, 4), nil
	case "Logging.WriteLog":
		r := msgpack.NewReader(payload)
		r.Map(func(key string) {
			if key == "text" {
				h.Log(ctx, "logged: "+r.String())
			}
		})
		return nil, r.Err()
	}
	return nil, errors.New("no link to " + namespace)
}

func (h *fakeHost) Log(_ context.Context, line string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, line)
}

func (h *fakeHost) logged(t *testing.T, want string) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !strings.Contains(strings.Join(h.lines, "\n"), want) {
		t.Errorf("log lacks %q; it has %q", want, h.lines)
	}
}

// get sends an HTTP request to an actor.
func get(ctx context.Context, m *wasmrt.Module, host wasmrt.Host, target string) (actor.Response, error) {
	path, query, _ := strings.Cut(target, "?")
	var res actor.Response
	reply, err := m.Call(ctx, actor.HandleRequest, actor.Request{Method: "GET", Path: path, Query: query}.MarshalMsgpack(), host)
	if err != nil {
		return res, err
	}
	return res, res.UnmarshalMsgpack(reply)
}
