package scaffold

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bazelbuild/buildtools/build"
	"github.com/bazelbuild/buildtools/warn"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

var (
	fromRelease  = module{version: "v1.2.3"}
	fromCheckout = module{checkout: "/src/rules_wasmcloud"}
)

// kinds are the templates that there are, as kind and language.
func kinds() [][2]string {
	return [][2]string{{kindActor, langGo}, {kindActor, langRust}, {kindProvider, langGo}, {kindProvider, langRust}, {kindInterface, langGo}, {kindInterface, langRust}}
}

// made gives a project's files by their paths.
func made(t *testing.T, kind, lang, tool, given string, from module) map[string]string {
	t.Helper()
	n, err := parseName(given)
	if err != nil {
		t.Fatal(err)
	}
	p, err := newProject(kind, lang, tool, "", n, from)
	if err != nil {
		t.Fatal(err)
	}
	files, err := p.files()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range files {
		if _, twice := out[f.path]; twice {
			t.Errorf("%s is written twice", f.path)
		}
		out[f.path] = string(f.data)
	}
	return out
}

// builds are what a language's projects can be built by.
func builds(lang string) []string {
	if lang == langRust {
		return []string{buildMake}
	}
	return []string{buildMake, buildBazel, buildBoth}
}

// each goes over all projects that can be asked for.
func each(t *testing.T, given string, do func(t *testing.T, kind, lang, tool string, files map[string]string)) {
	for _, k := range kinds() {
		for _, tool := range builds(k[1]) {
			for _, from := range []module{fromRelease, fromCheckout} {
				t.Run(fmt.Sprint(k[0], k[1], tool, from.version), func(t *testing.T) {
					do(t, k[0], k[1], tool, made(t, k[0], k[1], tool, given, from))
				})
			}
		}
	}
}

// The files of each kind, as they are written for all build tools.
func TestGolden(t *testing.T) {
	for _, k := range kinds() {
		tools := builds(k[1])
		files := made(t, k[0], k[1], tools[len(tools)-1], "Greeter-2", fromCheckout)
		archive := &txtar.Archive{}
		for path, text := range files {
			if filepath.Base(path) != "Cargo.lock" && path != "go.sum" && path != ".bazelversion" {
				archive.Files = append(archive.Files, txtar.File{Name: path, Data: []byte(text)})
			}
		}
		slices.SortFunc(archive.Files, func(a, b txtar.File) int { return strings.Compare(a.Name, b.Name) })
		testkit.Golden(t, k[0]+"-"+k[1]+".golden", txtar.Format(archive))
	}
}

// What the templates make has no gap: nothing of a template is left, files end in one newline, and
// Makefiles are short.
func TestProjectsAreWhole(t *testing.T) {
	each(t, "Greeter-2", func(t *testing.T, kind, lang, tool string, files map[string]string) {
		want := []string{".gitignore", "README.md"}
		switch {
		case kind == kindInterface && lang == langRust:
			want = append(want, "codegen.toml", "greeter_2.smithy", "rust/Cargo.toml", "rust/Cargo.lock", "rust/build.rs", "rust/src/lib.rs", "rust/tests/messages.rs")
		case kind == kindInterface:
			want = append(want, "go.mod", "codegen.toml", "greeter_2.smithy")
		case lang == langGo:
			want = append(want, "go.mod", "main.go", "main_test.go")
		case lang == langRust:
			want = append(want, "Cargo.toml", "Cargo.lock")
		}
		if tool != buildBazel {
			want = append(want, "Makefile")
		}
		if tool != buildMake {
			want = append(want, "BUILD.bazel", "MODULE.bazel", ".bazelrc", ".bazelversion")
		}
		for _, file := range want {
			if files[file] == "" {
				t.Errorf("no %s", file)
			}
		}
		if tool == buildBazel && files["Makefile"] != "" || tool == buildMake && files["BUILD.bazel"] != "" {
			t.Errorf("files of the other build tool: %s%s", files["Makefile"], files["BUILD.bazel"])
		}
		if lines := strings.Count(files["Makefile"], "\n"); lines > 15 {
			t.Errorf("the Makefile has %d lines", lines)
		}
		for path, text := range files {
			if strings.HasPrefix(path, "make/") {
				continue
			}
			if strings.Contains(text, "{{") || strings.Contains(text, "<no value>") || strings.HasSuffix(text, "\n\n") || !strings.HasSuffix(text, "\n") {
				t.Errorf("%s is\n%s", path, text)
			}
			if filepath.Base(path) != "Cargo.lock" && strings.Contains(text, "\n\n\n") {
				t.Errorf("%s has a gap:\n%s", path, text)
			}
		}
	})
}

// BUILD files are as buildifier writes them, and raise none of its default warnings.
func TestBazelFilesPassBuildifier(t *testing.T) {
	each(t, "My-Thing", func(t *testing.T, kind, lang, tool string, files map[string]string) {
		for _, file := range []string{"BUILD.bazel", "MODULE.bazel"} {
			text, ok := files[file]
			if !ok {
				continue
			}
			parsed, err := build.Parse(file, []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if formatted := build.Format(parsed); !bytes.Equal(formatted, []byte(text)) {
				t.Errorf("%s would be\n%s", file, formatted)
			}
			reader := warn.NewFileReader(func(string) ([]byte, error) { return nil, os.ErrNotExist })
			for _, f := range warn.FileWarnings(parsed, warn.DefaultWarnings, nil, warn.ModeWarn, reader) {
				t.Errorf("%s:%d: %s [%s]", file, f.Start.Line, f.Message, f.Category)
			}
		}
	})
}

// The Go actor is the example echo under another name.
func TestTemplateIsTheExample(t *testing.T) {
	for file, text := range made(t, kindActor, langGo, buildMake, "echo", fromCheckout) {
		if path.Ext(file) != ".go" && path.Dir(file) != "cases" {
			continue
		}
		example, err := os.ReadFile(filepath.Join(root, "examples/echo", file))
		if err != nil || string(example) != text {
			t.Errorf("%s differs from the example (%v)", file, err)
		}
	}
	echo := regexp.MustCompile(`\b[Ee]cho(\b|_)`)
	each(t, "Greeter-2", func(t *testing.T, _, _, _ string, files map[string]string) {
		for file, text := range files {
			if !strings.HasPrefix(file, "make/") && echo.MatchString(text) {
				t.Errorf("%s speaks of echo:\n%s", file, text)
			}
		}
	})
}

// A released scaffold's project has the includes, and requires the SDK at its version.
func TestReleasedProject(t *testing.T) {
	files := made(t, kindActor, langGo, buildBoth, "greeter", fromRelease)
	for _, want := range []string{"make/actor.mk", "make/common.mk", "make/wasmcloud.mk"} {
		if files[want] == "" {
			t.Errorf("no %s", want)
		}
	}
	if got := files["Makefile"]; !strings.HasSuffix(got, "\ninclude make/actor.mk\n") {
		t.Errorf("Makefile is\n%s", got)
	}
	if got := files["make/wasmcloud.mk"]; !strings.Contains(got, "\n_wm_version := v1.2.3\n") {
		t.Errorf("make/wasmcloud.mk is\n%s", got)
	}
	if got := files["go.mod"]; !strings.Contains(got, "require "+modulePath+" v1.2.3\n") || strings.Contains(got, "replace") {
		t.Errorf("go.mod is\n%s", got)
	}
	if got := files["MODULE.bazel"]; !strings.Contains(got, `bazel_dep(name = "rules_wasmcloud", version = "1.2.3")`) || strings.Contains(got, "override") {
		t.Errorf("MODULE.bazel is\n%s", got)
	}
}

// The SDK is fetched when the code that imports it is there, and not at all where Bazel does that.
func TestWhenTheSDKIsFetched(t *testing.T) {
	order := map[string]string{kindActor: `tidy .*\n *make  `, kindProvider: `tidy .*\n *make  `, kindInterface: `make  .*\n *go mod tidy .*\n *make lint`}
	each(t, "Greeter-2", func(t *testing.T, kind, lang, tool string, files map[string]string) {
		p := &project{Kind: kind, Lang: lang, Make: tool != buildBazel, Bazel: tool != buildMake, Given: "Greeter-2"}
		if strings.HasSuffix(t.Name(), fromRelease.version) {
			p.Version = fromRelease.version
		}
		wanted := p.Version != "" && lang == langGo && p.Make
		for what, text := range map[string]string{"README.md": files["README.md"], "what comes next": p.nextSteps(".")} {
			if strings.Contains(text, "go mod tidy") != wanted || regexp.MustCompile(order[kind]).MatchString(text) != wanted {
				t.Errorf("%s: want that it fetches the SDK %v, and in this order %q:\n%s", what, wanted, order[kind], text)
			}
		}
	})
}

// Versions in projects are those that this repository is built with.
func TestVersions(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil || !strings.Contains(string(mod), "\ngo "+goVersion+"\n") {
		t.Errorf("this repository wants another Go than projects get, %s (%v)", goVersion, err)
	}
	bazel, err := os.ReadFile(filepath.Join(root, "MODULE.bazel"))
	if err != nil || !strings.Contains(string(bazel), `"rules_go", version = "`+rulesGo+`"`) {
		t.Errorf("this repository uses another rules_go than projects get, %s (%v)", rulesGo, err)
	}
}

// What a provider's go.mod names is what the SDK needs.
func TestProviderNeeds(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "./sdk/provider", "./sdk/actor/...", "./sdk/contracts/...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	needs := strings.Fields(string(out))
	slices.Sort(needs)
	if needs = slices.Compact(needs); !slices.Equal(needs, providerNeeds) {
		t.Errorf("providerNeeds is\n%q; want\n%q", providerNeeds, needs)
	}
}

func TestNamesThatMeanSomethingElse(t *testing.T) {
	for _, tt := range []struct {
		given, lang string
		bazel, pkg  bool
		want        string
	}{
		{"match", langRust, false, false, "crate"},
		{"Self", langRust, false, false, "crate"},
		{"match", langGo, true, false, ""},
		{"func", langGo, false, true, "package"},
		{"func", langGo, false, false, ""},
		{"greet_Request", langGo, false, true, "another shape"},
		{"string", langGo, false, true, "another shape"},
		{"Rules-Wasmcloud", langGo, true, false, "module"},
		{"rules_go", langGo, false, false, ""},
	} {
		n, err := parseName(tt.given)
		if err != nil {
			t.Fatal(err)
		}
		switch err := n.fits(tt.lang, tt.bazel, tt.pkg); {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.given, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: %v; want a word of %s", tt.given, err, tt.want)
		}
	}
}

// Cargo takes a lock whose packages are in its order; a project may come anywhere in it.
func TestLockIsInOrder(t *testing.T) {
	for _, given := range []string{"aa", "serde-x", "zz"} {
		lock := made(t, kindActor, langRust, buildMake, given, fromCheckout)["Cargo.lock"]
		var names []string
		for _, m := range regexp.MustCompile(`(?m)^name = "(.*)"$`).FindAllStringSubmatch(lock, -1) {
			names = append(names, m[1])
		}
		if !slices.IsSorted(names) || !slices.Contains(names, given) || len(names) < 100 {
			t.Errorf("%s: %q", given, names)
		}
	}
}
