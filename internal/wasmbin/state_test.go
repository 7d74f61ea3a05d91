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
