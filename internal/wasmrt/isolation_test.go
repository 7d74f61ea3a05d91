package wasmrt_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmrt"
)

// Instructions of the guests that keep something.
var (
	count    = code([]byte{opGlobalGet, 0}, i32(1), []byte{opAdd, opGlobalSet, 0})                    // in global 0
	counted  = code(i32(2048), []byte{opGlobalGet, 0, opStore, 2, 0}, respond(2048, 1))               // answers global 0
	mark     = code(i32(3000), i32(3000), []byte{opLoad, 2, 0}, i32(1), []byte{opAdd, opStore, 2, 0}) // counts in memory
	marked   = respond(3000, 1)
	growPage = code(i32(1), []byte{opGrow, 0}, drop())
	pages    = code(i32(2048), []byte{0x3f, 0, opStore, 2, 0}, respond(2048, 1))     // answers memory.size
	growList = code([]byte{0xd0, 0x70}, i32(1), []byte{0xfc, 15, 0}, drop())         // table.grow by a null
	list     = code(i32(2048), []byte{0xfc, 16, 0, opStore, 2, 0}, respond(2048, 1)) // answers table.size
)

// ifHealth runs body in the health request only, whose payload is one byte.
func ifHealth(body ...[]byte) []byte {
	return code([]byte{opLocalGet, 1}, i32(1), []byte{0x46, 0x04, voidBlock}, code(body...), []byte{opEnd})
}

// TestIsolation lets guests change what they can, and holds what the calls after that see of it.
func TestIsolation(t *testing.T) {
	withTable, withVector := answering(growList, list), answering(count, counted)
	withTable.table, withVector.v128 = true, true
	tests := map[string]struct {
		guest     guest
		isolation wasmrt.Isolation
		want      string // a byte of each answer
	}{
		"global":                            {answering(count, counted), wasmrt.Snapshot, "\x02\x02\x02\x02"},
		"memory":                            {answering(mark, marked), wasmrt.Snapshot, "\x02\x02\x02\x02"},
		"memory that grows":                 {answering(growPage, pages), wasmrt.Snapshot, "\x03\x03\x03\x03"},
		"warm-up that calls out is undone":  {answering(count, counted, hostCall(0), drop()), wasmrt.Snapshot, "\x01\x01\x01\x01"},
		"warm-up that traps is undone":      {answering(count, counted, ifHealth([]byte{opUnreachable})), wasmrt.Snapshot, "\x01\x01\x01\x01"},
		"warm-up that refuses is undone":    {answering(count, counted, ifHealth(i32(0), i32(4), call(fnError))), wasmrt.Snapshot, "\x01\x01\x01\x01"},
		"table: none but a new one will do": {withTable, wasmrt.Snapshot, "\x03\x03\x03\x03"},
		"vector global: likewise":           {withVector, wasmrt.Snapshot, "\x01\x01\x01\x01"},
		"global, fresh":                     {answering(count, counted), wasmrt.Fresh, "\x01\x01\x01\x01"},
		"memory, fresh":                     {answering(mark, marked), wasmrt.Fresh, "\x01\x01\x01\x01"},
		"table, fresh":                      {withTable, wasmrt.Fresh, "\x03\x03\x03\x03"},
		"global, reuse":                     {answering(count, counted), wasmrt.Reuse, "\x01\x02\x03\x04"},
		"memory, reuse":                     {answering(mark, marked), wasmrt.Reuse, "\x01\x02\x03\x04"},
	}
	for name, tt := range tests {
		for engine, interpreter := range map[string]bool{"compiler": false, "interpreter": true} {
			t.Run(name+"/"+engine, func(t *testing.T) {
				rt := newRuntime(t, wasmrt.Config{Isolation: tt.isolation, Interpreter: interpreter, CompileFirst: true})
				m := compile(t, rt, tt.guest.wasm())
				var got string
				for range len(tt.want) {
					reply, err := m.Call(t.Context(), "Op.X", []byte("more than a byte"), &fakeHost{serve: replying("")})
					if err != nil {
						t.Fatal(err)
					}
					got += string(reply)
				}
				if got != tt.want {
					t.Errorf("answers %x, want %x", got, tt.want)
				}
			})
		}
	}
}

// TestIsolationOfGo does the same with an actor of standard Go.
func TestIsolationOfGo(t *testing.T) {
	wasm, err := guestWasm()
	if err != nil {
		t.Fatal(err)
	}
	for isolation, want := range map[wasmrt.Isolation]string{
		wasmrt.Snapshot: "I I I", wasmrt.Fresh: "I I I", wasmrt.Reuse: "I II III",
	} {
		t.Run(isolation.String(), func(t *testing.T) {
			m := compile(t, newRuntime(t, wasmrt.Config{Isolation: isolation, CompileFirst: true}), wasm)
			ask := func(operation string) string {
				t.Helper()
				reply, err := m.Call(t.Context(), "Guest."+operation, nil, &fakeHost{})
				if err != nil {
					t.Fatal(err)
				}
				return string(reply)
			}
			if got := strings.Join([]string{ask("Count"), ask("Count"), ask("Count")}, " "); got != want {
				t.Errorf("counted %q, want %q", got, want)
			}
			if ask("Random") == ask("Random") {
				t.Error("crypto/rand repeats from call to call")
			}
			// The difference that snapshots make, as Isolation says.
			if repeats := ask("Dice") == ask("Dice"); repeats != (isolation == wasmrt.Snapshot) {
				t.Errorf("math/rand repeats from call to call: %v", repeats)
			}
		})
	}
}

// TestStreamsStayOpen: what a guest closes would stay closed for the calls after it.
func TestStreamsStayOpen(t *testing.T) {
	wasm, err := guestWasm()
	if err != nil {
		t.Fatal(err)
	}
	m := compile(t, newRuntime(t, wasmrt.Config{CompileFirst: true}), wasm)
	if _, err := m.Call(t.Context(), "Guest.Hush", nil, &fakeHost{}); err != nil {
		t.Fatal(err)
	}
	host := &fakeHost{}
	if _, err := m.Call(t.Context(), "Guest.Print", []byte("heard"), host); err != nil {
		t.Fatal(err)
	}
	host.logged(t, "stdout: heard")
}

// TestBrokenInstancesAreNotUsedAgain follows each way in which a call can break off by one that works.
func TestBrokenInstancesAreNotUsedAgain(t *testing.T) {
	wasm, err := guestWasm()
	if err != nil {
		t.Fatal(err)
	}
	for _, isolation := range []wasmrt.Isolation{wasmrt.Snapshot, wasmrt.Reuse} {
		m := compile(t, newRuntime(t, wasmrt.Config{Isolation: isolation, CompileFirst: true}), wasm)
		for _, operation := range []string{"Crash", "Exit", "Ballast", "Sleep", "Panic", "Count"} {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			if operation == "Sleep" {
				cancel()
				ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
			}
			_, err := m.Call(ctx, "Guest."+operation, []byte("1h"), &fakeHost{})
			cancel()
			if (err == nil) != (operation == "Count") {
				t.Errorf("%v %s: %v", isolation, operation, err)
			}
			if got, err := m.Call(t.Context(), "Guest.Args", nil, &fakeHost{}); err != nil || string(got) != "main.wasm" {
				t.Errorf("%v: after %s: %q, %v", isolation, operation, got, err)
			}
		}
	}
}

// TestContextsThatEndWithTheCall lets contexts end in the moment when a call returns: the engine's
// watch over them must not hit the call after.
func TestContextsThatEndWithTheCall(t *testing.T) {
	m := compile(t, newRuntime(t, wasmrt.Config{CompileFirst: true}), answering(hostCall(0), drop(), respond(1024, 4)).wasm())
	for i := range 2000 {
		ctx, cancel := context.WithCancel(t.Context())
		host := &fakeHost{serve: func(context.Context, string, string, []byte) ([]byte, error) {
			if i%2 == 0 {
				go cancel()
			}
			return nil, nil
		}}
		_, err := m.Call(ctx, "Op.X", nil, host)
		if err != nil && !errors.Is(err, context.Canceled) || err != nil && i%2 == 1 {
			t.Fatalf("call %d: %v", i, err)
		}
		cancel()
	}
}

// TestGuestThatHangsInItsHealthRequest holds that other calls do not wait for that: not for as long as
// a start may take.
func TestGuestThatHangsInItsHealthRequest(t *testing.T) {
	m := compile(t, newRuntime(t, wasmrt.Config{CompileFirst: true}), answering(count, counted, ifHealth([]byte{opLoop, voidBlock, opBr, 0, opEnd})).wasm())
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	if got, err := m.Call(ctx, "Op.X", []byte("more than a byte"), &fakeHost{}); err != nil || string(got) != "\x01" {
		t.Errorf("got %x, %v", got, err)
	}
}

// TestIdleInstancesAreGivenUp holds that an actor which is not called any more keeps its snapshot and
// no instance.
func TestIdleInstancesAreGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := compile(t, newRuntime(t, wasmrt.Config{CompileFirst: true}), answering(count, counted).wasm())
		ask := func() {
			if got, err := m.Call(t.Context(), "Op.X", nil, &fakeHost{}); err != nil || string(got) != "\x02" {
				t.Errorf("got %x, %v", got, err)
			}
		}
		ask()
		time.Sleep(9 * time.Second)
		ask() // counts anew
		time.Sleep(9 * time.Second)
		if n := m.Idle(); n != 1 {
			t.Errorf("%d idle instances after 9 s, want 1", n)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := m.Idle(); n != 0 {
			t.Errorf("%d idle instances after 11 s, want none", n)
		}
		ask()
		if err := m.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := m.Call(t.Context(), "Op.X", nil, &fakeHost{}); err == nil {
			t.Error("a closed module was called")
		}
	})
}

// TestMemoryStaysFlat makes many calls of a Rust and of a Go actor. The benchmarks make 100,000.
func TestMemoryStaysFlat(t *testing.T) {
	rt := newRuntime(t, wasmrt.Config{CompileFirst: true})
	for name, m := range map[string]*wasmrt.Module{"rust": compileProbe(t, rt), "go": compileEcho(t, rt)} {
		calls := func(n int) (heap uint64) {
			for range n {
				if _, err := get(t.Context(), m, &fakeHost{}, "/"); err != nil {
					t.Fatal(err)
				}
			}
			var stats runtime.MemStats
			runtime.GC()
			runtime.GC() // what the first one let go
			runtime.ReadMemStats(&stats)
			return stats.HeapAlloc
		}
		before := calls(100)
		if after := calls(5000); after > before+2<<20 {
			t.Errorf("%s: heap grew from %d KiB to %d KiB", name, before>>10, after>>10)
		}
	}
}
