//go:build bazel

package bazel

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	dist "github.com/rules-wasmcloud/rules_wasmcloud/e2e/release"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/signer"
)

// A user has the rules as the archive of a release, with what is committed and nothing else.
func TestUserOfAnArchive(t *testing.T) {
	w := openAs(t, "testdata/rules", "archive")
	commit, err := dist.Find(t.Context(), repository(t), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	archive, err := commit.SourceArchive(t.Context(), w.dir)
	if err != nil {
		t.Fatal(err)
	}
	w.edit("MODULE.bazel", `local_path_override(
    module_name = "rules_wasmcloud",
    path = "`+repository(t)+`",
)`, `archive_override(
    module_name = "rules_wasmcloud",
    strip_prefix = "`+commit.Prefix()+`",
    urls = ["file://`+filepath.Join(w.dir, archive)+`"],
)`)
	// What an earlier run fetched and built would hide what this one costs.
	w.must("clean", "--expunge")
	out := w.must("build", "//actor:signed")

	want := filepath.Join(t.TempDir(), "probe_s.wasm")
	tool(t, signer.Command, append([]string{"sign", filepath.Join(w.dir, "actor/probe.wasm"), "--destination", want}, probeFlags...)...)
	if !bytes.Equal(w.built("actor/actor_s.wasm"), []byte(read(t, want))) {
		t.Error("the archive's rules sign otherwise")
	}
	signingBuildsTheSignerOnly(t, out)
	signingFetchesItsToolsOnly(t, strings.TrimSpace(w.must("info", "output_base").stdout))
}

// signingBuildsTheSignerOnly: the toolchain knows more tools, and what is not run is not compiled.
func signingBuildsTheSignerOnly(t *testing.T, out *output) {
	t.Helper()
	var linked []string
	compiled := 0
	for _, s := range out.spawns {
		line := strings.Join(s.CommandArgs, " ")
		switch s.Mnemonic {
		case "GoLink":
			linked = append(linked, line)
		case "GoCompilePkg":
			compiled++
			for _, no := range []string{"nats_io_nats", "wazero", "oras", "containerregistry", "docker", "/internal/host/", "/internal/oci"} {
				if strings.Contains(line, no) {
					t.Errorf("signing compiles %s: %.300s", no, line)
				}
			}
		}
	}
	if len(linked) != 1 || !strings.Contains(linked[0], "tools/signer") || compiled < 5 {
		t.Errorf("signing compiles %d packages and links %d programs, want the signer: %.300q", compiled, len(linked), linked)
	}
}

// signingFetchesItsToolsOnly: no module of the host, of this repository's registry or of its tests.
func signingFetchesItsToolsOnly(t *testing.T, base string) {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(base, "external", "gazelle*go_deps~*"))
	if err != nil {
		t.Fatal(err)
	}
	var fetched, want []string
	for _, dir := range dirs {
		_, name, _ := strings.Cut(filepath.Base(dir), "go_deps~")
		if info, err := os.Stat(dir); err == nil && info.IsDir() && name != "bazel_gazelle_go_repository_config" {
			fetched = append(fetched, name)
		}
	}
	// Bazel looks at every tool of the toolchain, as it has to know what to compile.
	for _, m := range modulesOf(t, []string{"linux"}, toolsOfTheRules...) {
		want = append(want, repositoryName(m.path))
	}
	slices.Sort(fetched)
	slices.Sort(want)
	if !slices.Equal(fetched, want) {
		t.Errorf("signing fetches the Go modules\n%s\nand its tools are made of\n%s", strings.Join(fetched, "\n"), strings.Join(want, "\n"))
	}
	// Every one is a download in somebody's build: a tool that begins to need more should have to say so here.
	const budget = 25
	if len(fetched) > budget {
		t.Errorf("%d Go modules are fetched to sign, %d are allowed for", len(fetched), budget)
	}
}
