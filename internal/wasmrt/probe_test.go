package wasmrt_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmrt"
)

func TestProbeAnswers(t *testing.T) {
	for name, cfg := range map[string]wasmrt.Config{"compiler": {CompileFirst: true}, "interpreter": {Interpreter: true}} {
		t.Run(name, func(t *testing.T) {
			probe := compileProbe(t, newRuntime(t, cfg))
			host := &fakeHost{}
			for target, want := range map[string]string{
				"/":            "GET / 0 bytes",
				"/random":      "in-range=true",
				"/log?hello":   "logged",
				"/big?3000000": strings.Repeat("x", 3_000_000),
				"/big?0":       "",
			} {
				res, err := get(t.Context(), probe, host, target)
				if err != nil {
					t.Errorf("%s: %v", target, err)
				} else if string(res.Body) != want {
					t.Errorf("%s: %d bytes, %.40q; want %d bytes, %.40q", target, len(res.Body), res.Body, len(want), want)
				}
			}
			host.logged(t, "logged: probe logged hello")
		})
	}
}

func TestProbeFails(t *testing.T) {
	for name, cfg := range map[string]wasmrt.Config{"compiler": {CompileFirst: true}, "interpreter": {Interpreter: true}} {
		t.Run(name, func(t *testing.T) {
			probe := compileProbe(t, newRuntime(t, cfg))
			host := &fakeHost{}

			_, err := get(t.Context(), probe, host, "/error")
			if guest, ok := errors.AsType[*wasmrt.GuestError](err); !ok || !strings.Contains(guest.Text, "probe refuses") {
				t.Errorf("/error: %v", err)
			}
			_, err = get(t.Context(), probe, host, "/count")
			if guest, ok := errors.AsType[*wasmrt.GuestError](err); !ok || !strings.Contains(guest.Text, "no link to wasmcloud:keyvalue") {
				t.Errorf("/count: %v", err)
			}
			_, err = get(t.Context(), probe, host, "/panic")
			if trap, ok := errors.AsType[*wasmrt.TrapError](err); !ok || trap.Reason != "unreachable" {
				t.Errorf("/panic: %#v", err)
			}

			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if _, err := get(ctx, probe, host, "/spin"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("/spin: %v", err)
			}
			if res, err := get(t.Context(), probe, host, "/after"); err != nil || string(res.Body) != "GET /after 0 bytes" {
				t.Errorf("after all that: %q, %v", res.Body, err)
			}
		})
	}
}
