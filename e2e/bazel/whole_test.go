//go:build bazel

package bazel

import "testing"

// Everything in this repository builds and passes under Bazel, and then there is nothing
// left to do.
func TestWholeRepository(t *testing.T) {
	w := &workspace{t: t, dir: repository(t)}
	t.Cleanup(w.shutdown)
	// Without links to outputs in the folder that somebody works in.
	const apart = "--symlink_prefix=/"
	w.must("build", apart, "//...")
	w.must("build", apart, "//...").idle(t)
}
