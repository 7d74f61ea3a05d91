package scaffold

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/devhost"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/signer"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/wasmfix"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

const root = "../../.."

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]func(*cli.IO) *cobra.Command{
		"scaffold": Command, "signer": signer.Command, "wasmfix": wasmfix.Command,
		"devhost": devhost.Command, "lattice": lattice.Command,
	})
}

// TestScripts builds a new project, too: by the real make and Go compiler, without a network.
func TestScripts(t *testing.T) {
	checkout, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Scripts(t, func(env *testscript.Env) error {
		tools, _, _ := strings.Cut(env.Getenv("PATH"), string(os.PathListSeparator))
		env.Setenv("WASMCLOUD_TOOLS", tools)
		env.Setenv("CHECKOUT", checkout)
		env.Setenv("GOPROXY", "off")
		env.Setenv("GOFLAGS", "-mod=readonly")
		env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
		// Compiling the standard library anew for each script would take a minute.
		cache, err := os.UserCacheDir()
		if dir := os.Getenv("GOCACHE"); dir != "" {
			cache = dir
		} else {
			cache = filepath.Join(cache, "go-build")
		}
		env.Setenv("GOCACHE", cache)
		return err
	})
}

func TestNames(t *testing.T) {
	for given, want := range map[string]name{
		"echo":     {"echo", "echo", "echo"},
		"My-Actor": {"My-Actor", "my-actor", "my_actor"},
		"a_1-b":    {"a_1-b", "a_1-b", "a_1_b"},
	} {
		if got, err := parseName(given); got != want || err != nil {
			t.Errorf("%s: got %+v, %v", given, got, err)
		}
	}
	for _, given := range []string{"", "a", "1a", "-a", "_a", "a-", "a__b", "a b", "a.b", "../a", "a/b", "ä1", "a\n", strings.Repeat("a", 65)} {
		if _, err := parseName(given); err == nil || !strings.Contains(err.Error(), "want a letter") {
			t.Errorf("%q: %v", given, err)
		}
	}
}

// TestTemplateIsTheExample holds that a project named echo is the example but for where its
// includes come from, and that nothing of it keeps the name echo under another.
func TestTemplateIsTheExample(t *testing.T) {
	from := module{version: "v1.2.3"}
	echo, err := parseName("echo")
	if err != nil {
		t.Fatal(err)
	}
	files, err := actorFiles(echo, from)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		example, err := os.ReadFile(filepath.Join(root, template, f.path))
		switch {
		case f.path == "go.mod" || f.path == ".gitignore" || strings.HasPrefix(f.path, "make/"):
		case err != nil:
			t.Error(err)
		case f.path == "Makefile":
			cut := func(b []byte) string {
				text, _, _ := strings.Cut(string(b), "\n# The version")
				text, _, _ = strings.Cut(text, "\ninclude")
				return text
			}
			if cut(f.data) != cut(example) {
				t.Errorf("Makefile is\n%s", f.data)
			}
		case !bytes.Equal(f.data, example):
			t.Errorf("%s differs from the example", f.path)
		}
	}

	greeter, err := parseName("Greeter-2")
	if err != nil {
		t.Fatal(err)
	}
	if files, err = actorFiles(greeter, from); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasPrefix(f.path, "make/") && regexp.MustCompile(`\b[Ee]cho(\b|_)`).Match(f.data) {
			t.Errorf("%s speaks of echo:\n%s", f.path, f.data)
		}
	}
}

// TestReleasedProject holds what a project of a released scaffold consists of.
func TestReleasedProject(t *testing.T) {
	n, err := parseName("greeter")
	if err != nil {
		t.Fatal(err)
	}
	files, err := actorFiles(n, module{version: "v1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{".gitignore", "go.mod", "main.go", "main_test.go", "Makefile", "README.md", "cases/get.txtar", "make/actor.mk", "make/wasmcloud.mk"} {
		if !slices.Contains(paths(files), want) {
			t.Errorf("no %s among %v", want, paths(files))
		}
	}
	text := func(path string) string {
		i := slices.IndexFunc(files, func(f file) bool { return f.path == path })
		return string(files[i].data)
	}
	if got := text("Makefile"); !strings.HasSuffix(got, "\nRULES_WASMCLOUD = v1.2.3\n\ninclude make/actor.mk\n") {
		t.Errorf("Makefile is\n%s", got)
	}
	if got := text("go.mod"); !strings.Contains(got, "require "+modulePath+" v1.2.3\n") || strings.Contains(got, "replace") {
		t.Errorf("go.mod is\n%s", got)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil || !strings.Contains(string(mod), "\ngo "+goVersion+"\n") {
		t.Errorf("this repository wants another Go than projects get, %s (%v)", goVersion, err)
	}
}

func TestFindModule(t *testing.T) {
	checkout, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(checkout)
	for _, version := range []string{"devel", "v0.0.0-20260101000000-abcdefabcdef", "v1.2.3+dirty"} {
		if got, err := findModule("", version); got != (module{checkout: checkout}) || err != nil {
			t.Errorf("%s inside a checkout: %+v, %v", version, got, err)
		}
	}
	for _, version := range []string{"v1.2.3", "v0.1.0-rc.1"} {
		if got, err := findModule("", version); got != (module{version: version}) || err != nil {
			t.Errorf("released %s: %+v, %v", version, got, err)
		}
		if got, err := findModule(".", version); got != (module{checkout: checkout}) || err != nil {
			t.Errorf("released %s with a checkout: %+v, %v", version, got, err)
		}
	}
	t.Chdir(t.TempDir())
	if _, err := findModule("", "devel"); err == nil || !strings.Contains(err.Error(), "--checkout") {
		t.Errorf("outside of a checkout: %v", err)
	}
	if _, err := findModule("nowhere", "v1.2.3"); err == nil || !strings.Contains(err.Error(), "no sources") {
		t.Errorf("a checkout that is none: %v", err)
	}
	spaced := filepath.Join(t.TempDir(), "two words")
	if err := os.MkdirAll(spaced, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(spaced, "go.mod"), []byte("module "+modulePath+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := findModule(spaced, "v1.2.3"); err == nil || !strings.Contains(err.Error(), "spaces") {
		t.Errorf("a checkout with a space in its path: %v", err)
	}
}

// TestFailureLeavesNothing holds that a project that cannot be finished is not there at all.
func TestFailureLeavesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "p")
	clash := []file{{path: "a", data: []byte("x")}, {path: "a/b", data: []byte("x")}}
	if err := create(t.Context(), dir, clash); err == nil {
		t.Error("a file was made inside of a file")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := create(ctx, dir, clash[:1]); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("folder is still there: %v", err)
	}
}
