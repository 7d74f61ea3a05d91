package wasmrt_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmrt"
)

// Imports of the guests below, by their index.
const (
	fnResponse = iota
	fnError
	fnRequest
	fnHostCall
	fnReplyLen
	fnReply
	fnHostErrLen
	fnHostErr
	fnLog
	fnExit
	fnOwn // the first of the guest's own functions
)

func imports(module string) []guestImport {
	return []guestImport{
		{module, "__guest_response", 2, 0}, {module, "__guest_error", 2, 0}, {module, "__guest_request", 2, 0},
		{module, "__host_call", 8, 1}, {module, "__host_response_len", 0, 1}, {module, "__host_response", 1, 0},
		{module, "__host_error_len", 0, 1}, {module, "__host_error", 1, 0}, {module, "__console_log", 2, 0},
		{"wasi_snapshot_preview1", "proc_exit", 1, 0},
	}
}

// answering is a guest whose __guest_call runs body and returns 1.
func answering(body ...[]byte) guest {
	return guest{
		imports: imports("wasmbus"),
		data:    "some text",
		funcs:   []guestFunc{{export: "__guest_call", params: 2, results: 1, body: code(code(body...), i32(1))}},
	}
}

// respond answers with n bytes at address ptr.
func respond(ptr, n int32) []byte { return code(i32(ptr), i32(n), call(fnResponse)) }

// hostCall calls with empty strings at an address that need not exist.
func hostCall(ptr int32) []byte {
	return code(i32(ptr), i32(0), i32(ptr), i32(0), i32(ptr), i32(0), i32(ptr), i32(0), call(fnHostCall))
}

func TestGuestInterface(t *testing.T) {
	wapc := answering(respond(1024, 4))
	wapc.imports = imports("wapc")
	unstable := answering(respond(1024, 4))
	unstable.imports[fnExit].module = "wasi_unstable"
	silent := answering()
	silent.funcs[0].body = i32(0)
	reasoned := answering()
	reasoned.funcs[0].body = code(i32(1024), i32(9), call(fnError), i32(1))

	tests := map[string]struct {
		guest   guest
		serve   func(context.Context, string, string, []byte) ([]byte, error)
		payload string
		want    string
		refusal string // text of the GuestError
		trap    string // part of the TrapError
	}{
		"answers":                       {guest: answering(respond(1024, 4)), want: "some"},
		"answers nothing":               {guest: answering()},
		"host functions named wapc":     {guest: wapc, want: "some"},
		"old name of wasi":              {guest: unstable, want: "some"},
		"operation and payload arrive":  {guest: answering(i32(2048), i32(2052), call(fnRequest), respond(2048, 7)), payload: "abc", want: "Op.Xabc"},
		"fails without a reason":        {guest: silent, refusal: "actor refused Op.X and gave no reason"},
		"an error counts even on 1":     {guest: reasoned, refusal: "some text"},
		"empty buffers may dangle":      {guest: answering(hostCall(-1), drop(), respond(-1, 0)), serve: replying("")},
		"empty payload may dangle":      {guest: answering(i32(2048), i32(-1), call(fnRequest), respond(2048, 4)), want: "Op.X"},
		"empty reply may dangle":        {guest: answering(hostCall(0), drop(), i32(-1), call(fnReply)), serve: replying("")},
		"reply can be read twice":       {guest: answering(hostCall(0), drop(), i32(2048), call(fnReply), i32(2050), call(fnReply), respond(2048, 4)), serve: replying("ab"), want: "abab"},
		"error can be read twice":       {guest: answering(hostCall(0), drop(), i32(2048), call(fnHostErr), i32(2050), call(fnHostErr), respond(2048, 4)), serve: failing("no"), want: "nono"},
		"reply goes with the next call": {guest: answering(hostCall(0), drop(), hostCall(0), drop(), i32(2048), call(fnReplyLen), []byte{opStore, 2, 0}, respond(2048, 1)), serve: first("ab"), want: "\x00"},
		"nothing to read at first":      {guest: answering(i32(2048), call(fnHostErrLen), call(fnReplyLen), []byte{opAdd, opStore, 2, 0}, respond(2048, 1)), want: "\x00"},

		"trap":                    {guest: answering([]byte{opUnreachable}), trap: "unreachable"},
		"answer out of memory":    {guest: answering(respond(65530, 100)), trap: "100 bytes at address 65530"},
		"length below zero":       {guest: answering(respond(0, -1)), trap: "4294967295 bytes at address 0"},
		"request out of memory":   {guest: answering(i32(-4), i32(2048), call(fnRequest)), trap: "not in its memory"},
		"host call out of memory": {guest: answering(i32(0), i32(-1), i32(0), i32(0), i32(0), i32(0), i32(0), i32(0), call(fnHostCall), drop()), trap: "not in its memory"},
		"endless recursion":       {guest: answering(i32(0), i32(0), call(fnOwn), drop()), trap: "stack overflow"},
		"exit in the call":        {guest: answering(i32(0), call(fnExit)), trap: "exit code 0"},
		"exit with an error":      {guest: answering(i32(3), call(fnExit)), trap: "exit code 3"},
		"last words": {guest: answering(i32(1024), i32(9), call(fnLog), []byte{opUnreachable}),
			trap: "unreachable (its last words: some text)"},
		"host that panics": {guest: answering(hostCall(0), drop()), trap: "the host is broken",
			serve: func(context.Context, string, string, []byte) ([]byte, error) { panic(errors.New("the host is broken")) }},
	}
	rt := newRuntime(t, wasmrt.Config{})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := compile(t, rt, tt.guest.wasm())
			got, err := m.Call(t.Context(), "Op.X", []byte(tt.payload), &fakeHost{serve: tt.serve})
			refused, _ := errors.AsType[*wasmrt.GuestError](err)
			trap, _ := errors.AsType[*wasmrt.TrapError](err)
			switch {
			case tt.refusal != "":
				if refused == nil || refused.Text != tt.refusal {
					t.Errorf("got %q, %v", got, err)
				}
			case tt.trap != "":
				if trap == nil || !strings.Contains(trap.Error(), tt.trap) || strings.Contains(trap.Error(), "\n") {
					t.Errorf("got %q, %v", got, err)
				}
			case err != nil || string(got) != tt.want:
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func replying(text string) func(context.Context, string, string, []byte) ([]byte, error) {
	return func(context.Context, string, string, []byte) ([]byte, error) { return []byte(text), nil }
}

func failing(text string) func(context.Context, string, string, []byte) ([]byte, error) {
	return func(context.Context, string, string, []byte) ([]byte, error) { return nil, errors.New(text) }
}

// first replies once, and fails after that.
func first(text string) func(context.Context, string, string, []byte) ([]byte, error) {
	served := false
	return func(context.Context, string, string, []byte) ([]byte, error) {
		if served {
			return nil, errors.New("served already")
		}
		served = true
		return []byte(text), nil
	}
}

// TestStart holds which functions make a new instance ready, and in which order. Each appends its
// digit to a global; the call answers with what is there then.
func TestStart(t *testing.T) {
	digit := func(export string, d int32) guestFunc {
		return guestFunc{export: export, body: code([]byte{opGlobalGet, 0}, i32(10), []byte{opMul}, i32(d), []byte{opAdd, opGlobalSet, 0})}
	}
	exits := func(export string, d, status int32) guestFunc {
		f := digit(export, d)
		f.body = code(f.body, i32(status), call(fnExit))
		return f
	}
	tests := map[string]struct {
		funcs []guestFunc
		want  byte
		trap  string
	}{
		"nothing to start":            {want: 0},
		"_start, then wapc_init":      {funcs: []guestFunc{digit("wapc_init", 2), digit("_start", 1)}, want: 12},
		"_initialize alone":           {funcs: []guestFunc{digit("_initialize", 3)}, want: 3},
		"_initialize is not repeated": {funcs: []guestFunc{digit("_initialize", 3), digit("_start", 1)}, want: 1},
		"_start may exit with 0":      {funcs: []guestFunc{exits("_start", 1, 0), digit("wapc_init", 2)}, want: 12},
		"_start may not fail":         {funcs: []guestFunc{exits("_start", 1, 7)}, trap: "exit code 7"},
		"_start may not trap":         {funcs: []guestFunc{{export: "_start", body: []byte{opUnreachable}}}, trap: "unreachable"},
	}
	for engine, cfg := range map[string]wasmrt.Config{"compiler": {CompileFirst: true}, "interpreter": {Interpreter: true}} {
		rt := newRuntime(t, cfg)
		for name, tt := range tests {
			t.Run(engine+"/"+name, func(t *testing.T) {
				g := answering(i32(0), []byte{opGlobalGet, 0, opStore, 2, 0}, respond(0, 1))
				g.funcs = append(g.funcs, tt.funcs...)
				m := compile(t, rt, g.wasm())
				for range 2 { // the second call must find a fresh instance, too
					got, err := m.Call(t.Context(), "Op.X", nil, &fakeHost{})
					if trap, ok := errors.AsType[*wasmrt.TrapError](err); tt.trap != "" {
						if !ok || trap.Reason != tt.trap {
							t.Errorf("got %q, %v; want %q", got, err, tt.trap)
						}
					} else if err != nil || !slices.Equal(got, []byte{tt.want}) {
						t.Errorf("got %v, %v; want %d", got, err, tt.want)
					}
				}
			})
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	unknown := answering()
	unknown.imports[fnLog].name = "__console_write"
	misshapen := answering()
	misshapen.imports[fnLog].params = 3
	wrongCall := answering()
	wrongCall.funcs[0].params = 3
	library := answering()
	library.funcs[0].export = "run"
	noMemory := answering()
	noMemory.noMem = true
	tests := map[string]struct {
		wasm []byte
		want string
	}{
		"nothing":          {nil, "compiling the actor"},
		"text":             {[]byte("#!/bin/sh\n"), "compiling the actor"},
		"half a module":    {answering().wasm()[:80], "compiling the actor"},
		"a component":      {[]byte("\x00asm\x0d\x00\x01\x00"), "compiling the actor"},
		"unknown import":   {unknown.wasm(), "imports what no wasmCloud host has: function wasmbus.__console_write(i32, i32)"},
		"misshapen import": {misshapen.wasm(), "function wasmbus.__console_log(i32, i32, i32)"},
		"misshapen export": {wrongCall.wasm(), "its __guest_call is (i32, i32, i32) -> i32"},
		"no actor":         {library.wasm(), "exports no __guest_call"},
		"no memory":        {noMemory.wasm(), `no memory named "memory"`},
	}
	rt := newRuntime(t, wasmrt.Config{})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := rt.Compile(t.Context(), tt.wasm); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestDamagedModules holds that a module with bytes cut off or changed is refused or runs into some
// error, and that this Runtime serves on after it.
func TestDamagedModules(t *testing.T) {
	whole, err := os.ReadFile("testdata/probe.wasm")
	if err != nil {
		t.Fatal(err)
	}
	rt := newRuntime(t, wasmrt.Config{Interpreter: true, MemoryPages: 64})
	for n := 0; n < len(whole); n += len(whole) / 50 {
		if _, err := rt.Compile(t.Context(), whole[:n]); err == nil {
			t.Errorf("%d of %d bytes were taken for a module", n, len(whole))
		}
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		damaged := slices.Clone(whole)
		for range 2 {
			damaged[random.IntN(len(damaged))] = byte(random.IntN(256))
		}
		m, err := rt.Compile(t.Context(), damaged)
		if err != nil {
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		if _, err := get(ctx, m, &fakeHost{}, "/"); err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("error has several lines: %v", err)
		}
		cancel()
	}
	if res, err := get(t.Context(), compileProbe(t, rt), &fakeHost{}, "/"); err != nil || string(res.Body) != "GET / 0 bytes" {
		t.Errorf("after that: %q, %v", res.Body, err)
	}
}
