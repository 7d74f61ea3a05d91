package wasmrt_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmrt"
)

// TestCallsGoOverToNativeCode calls while the module is being compiled and after that.
func TestCallsGoOverToNativeCode(t *testing.T) {
	probe := compileProbe(t, newRuntime(t, wasmrt.Config{}))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for more := true; more; {
				select {
				case <-probe.Native():
					more = false // after one more call
				default:
				}
				if res, err := get(t.Context(), probe, &fakeHost{}, "/x"); err != nil || string(res.Body) != "GET /x 0 bytes" {
					t.Errorf("got %q, %v", res.Body, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestNativeIsToldAtOnceIfNothingIsToCome(t *testing.T) {
	for name, cfg := range map[string]wasmrt.Config{"compiler": {CompileFirst: true}, "interpreter": {Interpreter: true}} {
		select {
		case <-compileProbe(t, newRuntime(t, cfg)).Native():
		default:
			t.Errorf("%s: a module waits for better code", name)
		}
	}
}

func TestModuleClose(t *testing.T) {
	for name, cfg := range map[string]wasmrt.Config{"compiler": {CompileFirst: true}, "interpreter": {Interpreter: true}, "both": {}} {
		t.Run(name, func(t *testing.T) {
			rt := newRuntime(t, cfg)
			wasm := answering(hostCall(0), drop(), respond(1024, 4)).wasm()
			one, other := compile(t, rt, wasm), compile(t, rt, wasm)
			// Closed in the middle of a call, which must end well all the same.
			host := &fakeHost{serve: func(ctx context.Context, _, _ string, _ []byte) ([]byte, error) {
				return nil, one.Close(ctx)
			}}
			if got, err := one.Call(t.Context(), "Op.X", nil, host); err != nil || string(got) != "some" {
				t.Errorf("closed in the middle: %q, %v", got, err)
			}
			if _, err := one.Call(t.Context(), "Op.X", nil, host); err == nil || len(host.calls) != 1 {
				t.Errorf("a closed module answered: %v", err)
			}
			if got, err := other.Call(t.Context(), "Op.X", nil, &fakeHost{}); err != nil || string(got) != "some" {
				t.Errorf("closing a module took its twin along: %q, %v", got, err)
			}
			if err := one.Close(t.Context()); err != nil {
				t.Errorf("closed twice: %v", err)
			}
		})
	}
}

// TestRuntimeCloseDoesNotWaitForTheCompiler holds that a host stops at once although it has only
// just begun to compile an actor.
func TestRuntimeCloseDoesNotWaitForTheCompiler(t *testing.T) {
	rt, err := wasmrt.New(t.Context(), wasmrt.Config{})
	if err != nil {
		t.Fatal(err)
	}
	echo := compileEcho(t, rt)
	done := make(chan error)
	go func() { done <- rt.Close(context.Background()) }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("still closing")
	}
	select {
	case <-echo.Native():
	default:
		t.Error("a closed runtime compiles on")
	}
	if _, err := echo.Call(t.Context(), "Actor.HealthRequest", nil, &fakeHost{}); err == nil {
		t.Error("an actor of a closed runtime answered")
	}
}
