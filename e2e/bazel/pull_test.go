//go:build bazel

package bazel

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What was pushed comes back as a target that can be pushed on.
func TestPulledArtifact(t *testing.T) {
	w := open(t, "rules")
	_, address := serve(t)
	digest := strings.TrimSpace(w.must("run", "//actor:push", "--", "--reference", address+"/team/probe:1").stdout)
	module, err := os.ReadFile(filepath.Join(w.dir, "MODULE.bazel"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.write("MODULE.bazel", string(module)) })
	pull := func(digest string) {
		w.write("MODULE.bazel", string(module)+`
wasmcloud = use_extension("@rules_wasmcloud//rules:extensions.bzl", "wasmcloud")
wasmcloud.pull(
    name = "pulled",
    digest = "`+digest+`",
    registry = "`+address+`",
    repository = "team/probe",
)
use_repo(wasmcloud, "pulled")
`)
	}
	pull(digest)
	w.write("again/BUILD.bazel", `load("@rules_wasmcloud//rules:push.bzl", "wasmcloud_push")

wasmcloud_push(
    name = "push",
    artifact = "@pulled",
    remote_tags = ["2"],
    repository = "other/probe",
    registry = "`+address+`",
)
`)
	t.Cleanup(func() { w.write("again/BUILD.bazel", "") })
	again := w.must("run", "//again:push")
	if strings.TrimSpace(again.stdout) != digest {
		t.Errorf("pushed on as %q, and pulled as %s", again.stdout, digest)
	}
	pull("latest")
	if _, err := w.bazel("build", "@pulled"); err == nil || !strings.Contains(err.Error(), "A tag may name something else tomorrow") {
		t.Errorf("a tag in place of a digest: %v", err)
	}
}
