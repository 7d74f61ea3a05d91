//go:build bazel

package bazel

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// What a WORKSPACE file says of the rules; bazelw brings rules_go, gazelle and the others.
const workspaceFile = `workspace(name = "rules_test")

local_repository(
    name = "rules_wasmcloud",
    path = "%ROOT%",
)

load("@rules_wasmcloud//rules:repositories.bzl", "rules_wasmcloud_dependencies", "rules_wasmcloud_register_toolchains")

rules_wasmcloud_dependencies()

load("@io_bazel_rules_go//go:deps.bzl", "go_register_toolchains", "go_rules_dependencies")

go_rules_dependencies()

go_register_toolchains(version = "host")

load("@bazel_gazelle//:deps.bzl", "gazelle_dependencies")

gazelle_dependencies()

rules_wasmcloud_register_toolchains()
`

// The same BUILD files give the same bytes without modules, and in another output base.
func TestWorkspaceGivesTheSameBytes(t *testing.T) {
	module := open(t, "rules")
	// The manifest is on the way to what is asked for: a cache that answers for the rest leaves it out.
	const all = "--remote_download_outputs=all"
	module.must("build", all, "//actor:signed", "//actor:digest")
	old := openAs(t, "testdata/rules", "workspace")
	if err := os.Remove(filepath.Join(old.dir, "MODULE.bazel")); err != nil {
		t.Fatal(err)
	}
	old.write("WORKSPACE", string(bytes.ReplaceAll([]byte(workspaceFile), []byte("%ROOT%"), []byte(repository(t)))))
	old.must("build", "--noenable_bzlmod", "--enable_workspace", all, "//actor:signed", "//actor:digest")
	for _, file := range []string{"actor/actor_s.wasm", "actor/actor.digest", "actor/actor.manifest.json"} {
		if !bytes.Equal(module.built(file), old.built(file)) {
			t.Errorf("%s differs", file)
		}
	}
}
