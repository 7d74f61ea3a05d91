package wasmbin

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// Modules of WebAssembly's own test suite, by what of them is neither memory nor a
// global of a number.
func TestLasting(t *testing.T) {
	modules := specModules(t, "v2")
	for name, want := range map[string]string{
		"table_set.0.wasm":   "table.set",
		"table_grow.0.wasm":  "table.grow",
		"table_fill.0.wasm":  "table.fill",
		"table_copy.0.wasm":  "", // only functions and a table that is never written
		"table_copy.2.wasm":  "table.copy",
		"table_init.1.wasm":  "table.init",
		"bulk.8.wasm":        "table.init",
		"fac.0.wasm":         "",
		"linking.10.wasm":    "it imports a global",
		"memory_grow.0.wasm": "",
	} {
		module, ok := modules[name]
		if !ok {
			t.Errorf("the suite has no %s", name)
			continue
		}
		_, sum := rewrite(t, module, Edit{Globals: true})
		if got := sum.Lasting(); !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// Exporting the globals of a module that has some adds these exports and changes
// nothing else.
func TestExportGlobals(t *testing.T) {
	exported := 0
	for _, part := range []string{"v1", "v2"} {
		for name, module := range specModules(t, part) {
			plain, _ := rewrite(t, module, Edit{})
			out, sum := rewrite(t, module, Edit{Globals: true})
			again, second := rewrite(t, out, Edit{Globals: true})
			if sum.CodeUnread || len(sum.Features) > 0 {
				t.Errorf("%s/%s: not understood: %q", part, name, sum.Features)
			}
			if len(sum.Globals) == 0 {
				if !bytes.Equal(out, plain) {
					t.Errorf("%s/%s: changed without need", part, name)
				}
				continue
			}
			exported++
			if second.Lasting() == "" || len(second.Globals) > 0 || !bytes.Equal(again, out) {
				t.Errorf("%s/%s: names that are taken were given again: %q", part, name, second.Globals)
			}
			for _, g := range sum.Globals {
				if e, ok := second.Export(g); !ok || e.Kind != Global {
					t.Errorf("%s/%s: %s is not an exported global", part, name, g)
				}
			}
			if !slices.Equal(second.Exports[:len(sum.Exports)], sum.Exports) {
				t.Errorf("%s/%s: exports changed", part, name)
			}
		}
	}
	if exported < 5 {
		t.Errorf("only %d modules had globals to export", exported)
	}
}

// What the suite's modules begin with can be written later unless something would
// see that.
func TestData(t *testing.T) {
	settled, unsettled := 0, map[string]bool{}
	for _, part := range []string{"v1", "v2"} {
		for name, module := range specModules(t, part) {
			out, sum := rewrite(t, module, Edit{Data: true})
			if !sum.Settled() {
				unsettled[name] = true
				continue
			}
			plain, _ := rewrite(t, module, Edit{})
			size := 0
			for _, s := range sum.Data {
				size += len(s.Bytes)
				if !bytes.Contains(plain, s.Bytes) || len(s.Bytes) > 8 && bytes.Contains(out, s.Bytes) {
					t.Errorf("%s/%s: %q at %d was not taken out", part, name, s.Bytes, s.Offset)
				}
			}
			if size > 0 {
				settled++
			}
		}
	}
	if settled < 10 {
		t.Errorf("data was taken out of %d modules only", settled)
	}
	for name, why := range map[string]string{
		"start.3.wasm": "a start function", "memory_init.8.wasm": "memory.init", "bulk.0.wasm": "a segment without a place",
	} {
		if !unsettled[name] {
			t.Errorf("%s has %s, and its data was taken out", name, why)
		}
	}
}

func TestSignedNumbers(t *testing.T) {
	for in, want := range map[string]int32{
		"\x00": 0, "\x7f": -1, "\xc0\x00": 64, "\x40": -64, "\x80\x7f": -128, "\xff\xff\xff\xff\x07": 1<<31 - 1, "\x80\x80\x80\x80\x78": -1 << 31,
	} {
		c := &cursor{data: []byte(in)}
		if got := c.int32(); got != want || c.done() != nil {
			t.Errorf("% x: %d, %v; want %d", in, got, c.err, want)
		}
	}
	c := &cursor{data: []byte("\x80\x80\x80\x80\x80\x00")}
	if c.int32(); c.done() == nil {
		t.Error("six bytes were taken for a number of 32 bits")
	}
}
