package scaffold

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/bazelgen"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/devhost"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/parpack"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/signer"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/smithy"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/wasmfix"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

const root = "../../.."

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]func(*cli.IO) *cobra.Command{
		"scaffold": Command, "signer": signer.Command, "wasmfix": wasmfix.Command,
		"devhost": devhost.Command, "lattice": lattice.Command, "parpack": parpack.Command, "bazelgen": bazelgen.Command, "smithy": smithy.Command,
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
		env.Setenv("ADOPT", filepath.Join(checkout, "internal/commands/scaffold/testdata/adopt"))
		env.Setenv("GOPROXY", "off")
		env.Setenv("GOFLAGS", "-mod=readonly")
		env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
		// Compiling the standard library anew for each script would take a minute, and there is no
		// network to fetch the SDK's modules from.
		caches, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
		if found := strings.Fields(string(caches)); len(found) == 2 {
			env.Setenv("GOCACHE", found[0])
			env.Setenv("GOMODCACHE", found[1])
		}
		return err
	})
}

func TestNames(t *testing.T) {
	for given, want := range map[string]name{
		"echo":     {"echo", "echo", "echo", "Echo"},
		"My-Actor": {"My-Actor", "my-actor", "my_actor", "MyActor"},
		"a_1-b":    {"a_1-b", "a_1-b", "a_1_b", "A1B"},
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
