//go:build bazel

package bazel

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The same BUILD files give the same bytes without modules, and in another output base. The
// WORKSPACE file is the one that the guide shows: it says where rules come from, which bazelw
// and the flag below replace by what is here.
func TestWorkspaceGivesTheSameBytes(t *testing.T) {
	module := open(t, "rules")
	// The manifest is on the way to what is asked for: a cache that answers for the rest leaves it out.
	const all = "--remote_download_outputs=all"
	module.must("build", all, "//actor:signed", "//actor:digest")
	old := openAs(t, "testdata/rules", "workspace")
	if err := os.Remove(filepath.Join(old.dir, "MODULE.bazel")); err != nil {
		t.Fatal(err)
	}
	old.write("WORKSPACE", read(t, "testdata/workspace/WORKSPACE"))
	old.must("build", "--noenable_bzlmod", "--enable_workspace", "--override_repository=rules_wasmcloud="+repository(t), all, "//actor:signed", "//actor:digest")
	for _, file := range []string{"actor/actor_s.wasm", "actor/actor.digest", "actor/actor.manifest.json"} {
		if !bytes.Equal(module.built(file), old.built(file)) {
			t.Errorf("%s differs", file)
		}
	}
}
