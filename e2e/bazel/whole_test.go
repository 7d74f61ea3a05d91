//go:build bazel

package bazel

import (
	"strings"
	"testing"
)

// Everything in this repository builds and passes under Bazel, and then there is nothing
// left to do.
func TestWholeRepository(t *testing.T) {
	w := &workspace{t: t, dir: repository(t)}
	t.Cleanup(w.shutdown)
	// Without links to outputs in the folder that somebody works in.
	const apart = "--symlink_prefix=/"
	w.must("build", apart, "//...")
	w.must("build", apart, "//...").idle(t)
	out := w.must("test", apart, "//rules/tests/...")
	if passed := strings.Count(out.stdout+out.stderr, " PASSED in "); passed < 40 {
		t.Errorf("%d tests of the rules passed, want at least 40:\n%s", passed, tail(out.stdout+out.stderr))
	}
	w.must("test", apart, "//rules/tests/...").idle(t)
}
