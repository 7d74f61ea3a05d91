//go:build bazel

package bazel

import (
	"strings"
	"testing"
)

// Any rule that yields a .wasm file will do: here rules_rust's, with the system's Rust.
func TestRustActor(t *testing.T) {
	w := open(t, "rust")
	w.must("test", "//actor/...")
	out := w.must("run", "//actor:inspect")
	if !strings.Contains(out.stdout, "rusty") {
		t.Errorf("inspect: %s", out.stdout)
	}
}
