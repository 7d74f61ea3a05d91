package wasmrt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmrt"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
)

// TestGoGuest runs an actor that misbehaves; the source is testdata/guest.
func TestGoGuest(t *testing.T) {
	wasm, err := guestWasm()
	if err != nil {
		t.Fatal(err)
	}
	m := compile(t, newRuntime(t, wasmrt.Config{
		Now:  func() time.Time { return time.Date(2023, 6, 1, 12, 0, 0, 0, time.UTC) },
		Rand: bytes.NewReader(bytes.Repeat([]byte{0xab}, 1<<20)),
	}), wasm)
	tests := map[string]struct {
		arg     string
		want    string
		refusal string
		trap    string
		log     []string
	}{
		"Print":   {arg: "first", log: []string{"stdout: first", "stdout: second", "stderr: no line end"}},
		"Now":     {want: "2023-06-01T12:00:00Z"},
		"Random":  {want: "abababababababab"},
		"Sleep":   {arg: "1ms"},
		"Args":    {want: "main.wasm"},
		"Open":    {arg: "/etc/passwd", refusal: "open /etc/passwd: "},
		"Refuse":  {arg: "not today", refusal: "not today"},
		"Panic":   {arg: "oh no", refusal: "Guest.Panic panicked: oh no", log: []string{"logged: Guest.Panic panicked: oh no"}},
		"NilMap":  {arg: "k", refusal: "panicked: assignment to entry in nil map"},
		"Crash":   {arg: "in a goroutine", trap: "actor broke off: unreachable (its last words: panic: in a goroutine", log: []string{"stderr: panic: in a goroutine"}},
		"Exit":    {trap: "exit code 3"},
		"Ballast": {trap: "(its last words: fatal error: out of memory", log: []string{"stderr: fatal error: out of memory"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			host := &fakeHost{}
			got, err := m.Call(t.Context(), "Guest."+name, []byte(tt.arg), host)
			refused, _ := errors.AsType[*wasmrt.GuestError](err)
			trap, _ := errors.AsType[*wasmrt.TrapError](err)
			switch {
			case tt.refusal != "":
				if refused == nil || !strings.Contains(refused.Text, tt.refusal) {
					t.Errorf("got %q, %v", got, err)
				}
			case tt.trap != "":
				if trap == nil || !strings.Contains(trap.Error(), tt.trap) {
					t.Errorf("got %q, %v", got, err)
				}
			case err != nil || string(got) != tt.want:
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
			for _, line := range tt.log {
				host.logged(t, line)
			}
		})
	}
	t.Run("a call leaves nothing to the next", func(t *testing.T) {
		for range 3 {
			if got, err := m.Call(t.Context(), "Guest.Count", nil, &fakeHost{}); err != nil || string(got) != "I" {
				t.Errorf("got %q, %v", got, err)
			}
		}
	})
	t.Run("a deadline ends a sleep", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := m.Call(ctx, "Guest.Sleep", []byte("1h"), &fakeHost{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// TestActorsCallEachOther lets one example call the other, and runs the tests that it carries.
func TestActorsCallEachOther(t *testing.T) {
	rt := newRuntime(t, wasmrt.Config{Interpreter: true})
	wasm, err := toolboxWasm()
	if err != nil {
		t.Fatal(err)
	}
	toolbox, echo := compile(t, rt, wasm), compileEcho(t, rt)
	host := &fakeHost{}
	host.serve = func(ctx context.Context, namespace, operation string, payload []byte) ([]byte, error) {
		switch {
		case namespace == "echo":
			return echo.Call(ctx, operation, payload, &fakeHost{})
		case operation == "NumberGen.GenerateGuid":
			return msgpack.AppendString(nil, fmt.Sprintf("0-0-0-0-%d", len(host.calls))), nil
		case operation == "NumberGen.RandomInRange":
			return msgpack.AppendUint(nil, 6), nil
		}
		return nil, nil
	}
	res, err := get(t.Context(), toolbox, host, "/relay?a=1")
	if want := `{"body":[],"method":"GET","path":"/relay","query_string":"a=1"}`; err != nil || string(res.Body) != want {
		t.Errorf("got %q, %v", res.Body, err)
	}
	if want := "default echo HttpServer.HandleRequest"; len(host.calls) != 1 || host.calls[0] != want {
		t.Errorf("host calls %q", host.calls)
	}

	reply, err := toolbox.Call(t.Context(), "Testing.Start", nil, host)
	if err != nil {
		t.Fatal(err)
	}
	passed := 0
	r := msgpack.NewReader(reply)
	r.Array(func(int) {
		r.Map(func(key string) {
			if key == "passed" && r.Bool() {
				passed++
			}
		})
	})
	if r.Done() != nil || passed != 3 {
		t.Errorf("%d tests passed of %q (%v)", passed, reply, r.Done())
	}
}
