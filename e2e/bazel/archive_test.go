//go:build bazel

package bazel

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A user has the rules as an archive, with what is committed and nothing else.
func TestUserOfAnArchive(t *testing.T) {
	w := openAs(t, "rules", "archive")
	archive := filepath.Join(w.dir, "rules_wasmcloud.tar")
	cmd := exec.Command("git", "archive", "--prefix=rules_wasmcloud/", "--output", archive, "HEAD")
	cmd.Dir = repository(t)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git archive: %v\n%s", err, out)
	}
	w.edit("MODULE.bazel", `local_path_override(
    module_name = "rules_wasmcloud",
    path = "`+repository(t)+`",
)`, `archive_override(
    module_name = "rules_wasmcloud",
    strip_prefix = "rules_wasmcloud",
    urls = ["file://`+archive+`"],
)`)
	w.must("build", "//actor:signed")
	want := filepath.Join(t.TempDir(), "probe_s.wasm")
	sign(t, append([]string{filepath.Join(w.dir, "actor/probe.wasm"), "--destination", want}, probeFlags...)...)
	text, err := os.ReadFile(want)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != string(w.built("actor/actor_s.wasm")) {
		t.Error("the archive's rules sign otherwise")
	}

	// Signing fetches what signer and ocipush are made of, and no host. (ocipush makes the
	// manifest; without the output group digest it is not compiled.)
	base := strings.TrimSpace(w.must("info", "output_base").stdout)
	fetched, err := filepath.Glob(filepath.Join(base, "external", "*go_deps~*"))
	if err != nil || len(fetched) < 3 {
		t.Fatalf("%d Go modules are fetched, %v", len(fetched), err)
	}
	for _, dir := range fetched {
		for _, no := range []string{"nats_server", "nats_go", "wazero", "distribution_distribution", "buildtools"} {
			if strings.Contains(filepath.Base(dir), no) {
				t.Errorf("signing fetches %s", filepath.Base(dir))
			}
		}
	}
	t.Logf("%d Go modules fetched to sign", len(fetched))
}
