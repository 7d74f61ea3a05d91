package bazelgen

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bazelbuild/buildtools/build"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]func(*cli.IO) *cobra.Command{"bazelgen": Command})
}

func TestScripts(t *testing.T) { testkit.Scripts(t, nil) }

// The examples of this repository are projects like any other.
func TestExamplesOfThisRepositoryCanBeRead(t *testing.T) {
	for _, name := range []string{"echo", "toolbox"} {
		dir := filepath.Join("../../../examples", name)
		p, err := readProject(dir, options{})
		if err != nil {
			t.Fatal(err)
		}
		if p.name != name || p.compiler != goCompiler || !p.cases || len(p.caps) == 0 {
			t.Errorf("%+v", p)
		}
		if code, out, notes := run(t, "update", dir, "--mode", "print"); code != 0 || !strings.Contains(out, "wasmcloud_actor(") {
			t.Errorf("exit %d: %s%s", code, out, notes)
		}
	}
}

func TestProvidersOfThisRepositoryCanBeRead(t *testing.T) {
	for _, name := range []string{"httpserver", "keyvalue", "testing"} {
		p, err := readProject(filepath.Join("../../../providers", name), options{})
		if err != nil {
			t.Fatal(err)
		}
		if p.name != name || p.compiler != goCompiler || !p.cases || p.provider == nil || p.provider.capid != "wasmcloud:"+name || p.provider.vendor == "" {
			t.Errorf("%+v", p)
		}
	}
}

func TestParseReference(t *testing.T) {
	for text, want := range map[string]reference{
		"localhost:5000/v2/echo:0.1.0": {"localhost:5000", "v2/echo", "0.1.0"},
		"localhost/echo":               {"localhost", "echo", ""},
		"ghcr.io/a/b/c:x":              {"ghcr.io", "a/b/c", "x"},
		"127.0.0.1:5000/e:1":           {"127.0.0.1:5000", "e", "1"},
	} {
		if got, err := parseReference(text); err != nil || *got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "echo", "acme/echo:1", "ghcr.io/", "ghcr.io/:1", "ghcr.io/a@sha256:0"} {
		if got, err := parseReference(text); err == nil {
			t.Errorf("%s: %+v", text, got)
		}
	}
	for text, want := range map[string]reference{
		"ghcr.io":               {"ghcr.io", "echo", "1"},
		"https://ghcr.io/":      {"ghcr.io", "echo", "1"},
		"localhost:8080/x/y":    {"localhost:8080", "x/y", "1"},
		"http://ghcr.io/acme:2": {"ghcr.io", "acme", "2"},
	} {
		if got := registryOnly(text, "echo", "1"); *got != want {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

func TestGazellesNames(t *testing.T) {
	for module, want := range map[string]string{
		"github.com/bazelbuild/rules_go":  "com_github_bazelbuild_rules_go",
		"gopkg.in/yaml.v3":                "in_gopkg_yaml_v3",
		"oras.land/oras-go/v2":            "land_oras_oras_go_v2",
		"github.com/BurntSushi/toml":      "com_github_burntsushi_toml",
		"go.opentelemetry.io/contrib/x/y": "io_opentelemetry_go_contrib_x_y",
	} {
		if got := repoName(module); got != want {
			t.Errorf("%s: %s; want %s", module, got, want)
		}
	}
	for _, tt := range [][3]string{
		{"/a/b", "example.com/a/b", "//a/b"},
		{"", "example.com/go-x/v2", "//:go-x"},
		{"/v", "example.com/v", "//v"},
		{"", "gopkg.in/yaml.v3", "//:yaml_v3"},
	} {
		if got := libraryLabel(tt[0], tt[1]); got != tt[2] {
			t.Errorf("%s of %s: %s; want %s", tt[0], tt[1], got, tt[2])
		}
	}
}

func TestDiffAsJSON(t *testing.T) {
	lay(t, txtar.Parse([]byte("-- MODULE.bazel --\n-- Makefile --\nPROJECT=a\nVERSION=1\ninclude actor.mk\n-- a.wasm --\n")))
	var got struct {
		Success *bool
		Files   []struct {
			Path, Source, Diff string
			Changed            bool
		}
	}
	for round, want := range []bool{false, true} {
		code, out, notes := run(t, "update", "--mode", "diff", "--output", "json")
		got.Files = nil // the second answer leaves its diff out
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatalf("%v: %s%s", err, out, notes)
		}
		if (code == 0) != want || *got.Success != want || len(got.Files) != 1 {
			t.Fatalf("round %d: exit %d, %s", round, code, out)
		}
		f := got.Files[0]
		if f.Path != "BUILD.bazel" || f.Source != "Makefile" || f.Changed == want || strings.Contains(f.Diff, "+wasmcloud_actor(") == want {
			t.Errorf("round %d: %+v", round, f)
		}
		if code, _, notes := run(t, "update"); code != 0 {
			t.Fatal(notes)
		}
	}
}

func TestLintAsJSON(t *testing.T) {
	lay(t, txtar.Parse([]byte("-- BUILD --\nwasmcloud_push(name = \"p\", remote_tags = [\"latest\"])\n")))
	code, out, _ := run(t, "lint", "--output", "json")
	var got lintResult
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if code != 1 || got.Success || got.Files != 1 || len(got.Findings) != 1 {
		t.Fatalf("exit %d: %s", code, out)
	}
	f := got.Findings[0]
	f.Message = ""
	if want := (finding{"BUILD", 1, 43, checkFloatingTag, levelError, ""}); f != want {
		t.Errorf("%+v; want %+v", f, want)
	}
}

// What is found is shown, the secret itself is not.
func TestFindingsDoNotRepeatTheSeed(t *testing.T) {
	const seed = "SAANZUEZUKARUD76CDF57BINTIWUTML2HR44EDPMYQZAIYZB3BFO5KUINQ"
	for _, f := range lintFile("BUILD", []byte("x = (\n\""+seed+"\"")) {
		if strings.Contains(f.Message, seed[10:]) {
			t.Error(f.Message)
		}
	}
}

func TestUpdateLeavesTheFileThatWasThere(t *testing.T) {
	lay(t, txtar.Parse([]byte("-- MODULE.bazel --\n-- Makefile --\nPROJECT=a\nVERSION=1\ninclude actor.mk\n-- a.wasm --\n-- BUILD.bazel/not-a-file --\n")))
	code, _, notes := run(t, "update")
	if code != 1 || !strings.Contains(notes, "BUILD.bazel") {
		t.Errorf("exit %d: %s", code, notes)
	}
	if _, err := os.Stat("BUILD.bazel/not-a-file"); err != nil {
		t.Error(err)
	}
}

// Whatever is in a file, merging twice is merging once, and nothing of it is lost but
// what the merge is there to change.
func FuzzMerge(f *testing.F) {
	for _, text := range []string{
		"", "x = 1\n", "wasmcloud_actor(name = \"a\", caps = [\"x\"], version = \"0\")\n",
		"load(\":x.bzl\", \"wasmcloud_actor\")\n# keep\nwasmcloud_actor(name = \"a\")\n",
		"[wasmcloud_actor(name = n) for n in [\"a\"]]\nwasmcloud_actor(name = \"a\", *x, **y)\n",
	} {
		f.Add(text)
	}
	revision := 1
	p := &project{dir: ".", name: "a", claimName: "A", version: "1", revision: &revision, caps: []string{"x", "y"}, unsigned: "a.wasm", cases: true}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := build.ParseBuild("BUILD", []byte(text))
		if err != nil {
			return
		}
		once := mergeOnce(t, p, parsed)
		again, err := build.ParseBuild("BUILD", once)
		if err != nil {
			t.Fatalf("cannot be parsed: %v\n%s", err, once)
		}
		rules, err := rulesFor(p, &workspace{}, "")
		if err != nil {
			t.Fatal(err)
		}
		m := &merger{file: again}
		if m.merge(rules); m.changed {
			t.Errorf("a second merge changes\n%s\nto\n%s", once, build.Format(again))
		}
	})
}

func mergeOnce(t *testing.T, p *project, file *build.File) []byte {
	rules, err := rulesFor(p, &workspace{}, "")
	if err != nil {
		t.Fatal(err)
	}
	(&merger{file: file}).merge(rules)
	return build.Format(file)
}
