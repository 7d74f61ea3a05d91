package wasmrt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmrt"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor"
)

func TestGoActor(t *testing.T) {
	for name, cfg := range map[string]wasmrt.Config{"compiler": {CompileFirst: true}, "interpreter": {Interpreter: true}} {
		t.Run(name, func(t *testing.T) {
			echo := compileEcho(t, newRuntime(t, cfg))
			host := &fakeHost{}
			res, err := get(t.Context(), echo, host, "/x?y=1")
			if want := `{"body":[],"method":"GET","path":"/x","query_string":"y=1"}`; err != nil || string(res.Body) != want {
				t.Errorf("got %q, %v", res.Body, err)
			}
			host.logged(t, "logged: echo GET /x")
			if _, err := echo.Call(t.Context(), "No.Such", nil, host); err == nil || err.Error() != "actor does not answer No.Such" {
				t.Errorf("unknown operation: %v", err)
			}
			if _, err := echo.Call(t.Context(), actor.HandleRequest, []byte{0x93}, host); err == nil || !strings.HasPrefix(err.Error(), "reading the message of HttpServer.HandleRequest: ") {
				t.Errorf("broken payload: %v", err)
			}
			if reply, err := echo.Call(t.Context(), "Actor.HealthRequest", []byte{0x80}, host); err != nil || string(reply) != "\x81\xa7healthy\xc3" {
				t.Errorf("health: %q, %v", reply, err)
			}
		})
	}
}

// TestDeadlineEndsHostCalls holds that a host call sees the deadline, and that a guest does not run
// on after it.
func TestDeadlineEndsHostCalls(t *testing.T) {
	m := compile(t, newRuntime(t, wasmrt.Config{}),
		answering(hostCall(0), drop(), []byte{opLoop, voidBlock, opBr, 0, opEnd}).wasm())
	ctx, cancel := context.WithCancel(t.Context())
	host := &fakeHost{serve: func(ctx context.Context, _, _ string, _ []byte) ([]byte, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	if _, err := m.Call(ctx, "Op.X", nil, host); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := m.Call(ctx, "Op.X", nil, host); !errors.Is(err, context.Canceled) || len(host.calls) != 1 {
		t.Errorf("a call that is cancelled beforehand: %v, %d host calls", err, len(host.calls))
	}
}

func TestMemoryLimit(t *testing.T) {
	rt := newRuntime(t, wasmrt.Config{MemoryPages: 16, Isolation: wasmrt.Fresh})
	grow := answering(i32(0), i32(14), []byte{opGrow, 0}, []byte{opStore, 2, 0}, i32(4), i32(100), []byte{opGrow, 0, opStore, 2, 0}, respond(0, 8))
	got, err := compile(t, rt, grow.wasm()).Call(t.Context(), "Op.X", nil, &fakeHost{})
	if want := "\x01\x00\x00\x00\xff\xff\xff\xff"; err != nil || string(got) != want {
		t.Errorf("growing within the limit and beyond it: %x, %v; want %x", got, err, want)
	}
	if _, err := compileProbeIn(t, rt); err == nil {
		t.Error("a module that needs more than the limit to begin with was taken")
	}
	if _, err := wasmrt.New(t.Context(), wasmrt.Config{MemoryPages: 1 << 17}); err == nil {
		t.Error("a limit of 8 GiB was taken")
	}
}

func compileProbeIn(t *testing.T, rt *wasmrt.Runtime) (*wasmrt.Module, error) {
	t.Helper()
	wasm, err := os.ReadFile("testdata/probe.wasm") // begins with 17 pages
	if err != nil {
		t.Fatal(err)
	}
	return rt.Compile(t.Context(), wasm)
}

// TestMemoryIsFresh lets guests look for what an earlier one left in the memory that it had, in the
// first page and in one that it got by growing.
func TestMemoryIsFresh(t *testing.T) {
	rt := newRuntime(t, wasmrt.Config{Isolation: wasmrt.Fresh})
	spoil := func(at int32) []byte { return code(i32(at), i32(0x41424344), []byte{opStore, 2, 0}) }
	grow := code(i32(1), []byte{opGrow, 0}, drop())
	for name, g := range map[string]guest{
		"first page": answering(respond(40000, 4), spoil(40000)),
		"grown page": answering(grow, respond(70000, 4), spoil(70000)),
	} {
		m := compile(t, rt, g.wasm())
		for range 5 {
			got, err := m.Call(t.Context(), "Op.X", nil, &fakeHost{})
			if err != nil || string(got) != "\x00\x00\x00\x00" {
				t.Fatalf("%s: got %q, %v", name, got, err)
			}
		}
	}
}

// TestDepth lets an actor call itself without end.
func TestDepth(t *testing.T) {
	rt := newRuntime(t, wasmrt.Config{MaxDepth: 5})
	// Answers with the error of its host call.
	m := compile(t, rt, answering(hostCall(0), drop(), i32(2048), call(fnHostErr), i32(2048), call(fnHostErrLen), call(fnResponse)).wasm())
	host := &fakeHost{}
	host.serve = func(ctx context.Context, _, _ string, _ []byte) ([]byte, error) {
		reply, err := m.Call(ctx, "Op.X", nil, host)
		if err == nil {
			err = errors.New(string(reply))
		} else if !errors.Is(err, wasmrt.ErrDepth) {
			t.Errorf("got %v", err)
		}
		return nil, err
	}
	got, err := m.Call(t.Context(), "Op.X", nil, host)
	if err != nil || !strings.Contains(string(got), "nested too deep") || len(host.calls) != 5 {
		t.Errorf("got %q, %v after %d calls", got, err, len(host.calls))
	}
}

func TestConcurrentCallsShareNothing(t *testing.T) {
	rt := newRuntime(t, wasmrt.Config{})
	probe, echo := compileProbe(t, rt), compileEcho(t, rt)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 10 {
				path := fmt.Sprintf("/%d/%d", worker, i)
				if res, err := get(t.Context(), probe, &fakeHost{}, path); err != nil || string(res.Body) != "GET "+path+" 0 bytes" {
					t.Errorf("probe %s: %q, %v", path, res.Body, err)
				}
				host := &fakeHost{}
				if res, err := get(t.Context(), echo, host, path); err != nil || !strings.Contains(string(res.Body), path) {
					t.Errorf("echo %s: %q, %v", path, res.Body, err)
				}
				if len(host.lines) != 1 || host.lines[0] != "logged: echo GET "+path {
					t.Errorf("log of %s has %q", path, host.lines)
				}
			}
		})
	}
	wg.Wait()
}

// TestCallsLeaveNothingBehind holds that 2,000 calls, some of them ended by a trap or a deadline,
// leave neither memory nor goroutines.
func TestCallsLeaveNothingBehind(t *testing.T) {
	probe := compileProbe(t, newRuntime(t, wasmrt.Config{CompileFirst: true}))
	batch := func(n int) {
		for i := range n {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			target := "/plain"
			switch {
			case i%50 == 0:
				target = "/panic"
			case i%500 == 1:
				cancel()
				ctx, cancel = context.WithTimeout(t.Context(), time.Millisecond)
				target = "/spin"
			}
			_, err := get(ctx, probe, &fakeHost{}, target)
			cancel()
			if (err == nil) != (target == "/plain") {
				t.Fatalf("call %d of %s: %v", i, target, err)
			}
		}
	}
	measure := func() (heap uint64) {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // finalizers of the first one
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	batch(100)
	before, goroutines := measure(), runtime.NumGoroutine()
	batch(2000)
	if after := measure(); after > before+4<<20 {
		t.Errorf("heap grew from %d KiB to %d KiB", before>>10, after>>10)
	}
	deadline := time.Now().Add(5 * time.Second)
	for runtime.NumGoroutine() > goroutines && time.Now().Before(deadline) {
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("goroutines grew from %d to %d", goroutines, n)
	}
}

// BenchmarkCall is a call alone; "large" ones have a body for which a Go actor's memory grows, so that
// each needs an instance that goes on from the snapshot.
func BenchmarkCall(b *testing.B) {
	body := bytes.Repeat([]byte("x"), 20<<10)
	for name, module := range map[string]func(testing.TB, *wasmrt.Runtime) *wasmrt.Module{"rust": compileProbe, "go": compileEcho} {
		for size, req := range map[string]actor.Request{"small": {Method: "GET", Path: "/"}, "large": {Method: "POST", Path: "/", Body: body}} {
			for _, isolation := range []wasmrt.Isolation{wasmrt.Snapshot, wasmrt.Fresh} {
				b.Run(fmt.Sprintf("%s/%s/%v", name, size, isolation), func(b *testing.B) {
					m := module(b, newRuntime(b, wasmrt.Config{CompileFirst: true, Isolation: isolation}))
					b.ReportAllocs()
					for b.Loop() {
						if _, err := m.Call(b.Context(), actor.HandleRequest, req.MarshalMsgpack(), &fakeHost{}); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

// BenchmarkFirstAnswer is what a developer waits for after each edit: a new module's first call.
func BenchmarkFirstAnswer(b *testing.B) {
	for name, cfg := range map[string]wasmrt.Config{"interpreted-first": {}, "compiled-first": {CompileFirst: true}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				rt, err := wasmrt.New(b.Context(), cfg)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := get(b.Context(), compileEcho(b, rt), &fakeHost{}, "/"); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if err := rt.Close(b.Context()); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}
