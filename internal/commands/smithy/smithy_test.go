package smithy

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/drain"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/ocipush"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]func(*cli.IO) *cobra.Command{"smithy": Command, "drain": drain.Command, "ocipush": ocipush.Command})
}

// TestScripts gives the scripts a codegen.toml that names a server with one model.
func TestScripts(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/models/common.smithy" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, "$version: \"2\"\n\nnamespace org.example.common\n\nstring Currency\n")
	}))
	t.Cleanup(srv.Close) // after the scripts, which run side by side
	testkit.Scripts(t, func(env *testscript.Env) error {
		config := "[[models]] # ours\npath = \".\"\nfiles = [\n  \"pay.smithy\", # one\n]\n\n[[models]]\nurl = '" + srv.URL + "/models/'\n" +
			"files = [\"common.smithy\", \"wasmcloud-model.smithy\"]\n\n[rust]\noutput_dir = \"rust\"\n"
		if err := os.MkdirAll(filepath.Join(env.WorkDir, "work"), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(env.WorkDir, "work", "codegen.toml"), []byte(config), 0o644); err != nil {
			return err
		}
		reg := httptest.NewServer(registry.New(registry.Options{})) // of each script's own
		env.Defer(reg.Close)
		env.Setenv("REG", strings.TrimPrefix(reg.URL, "http://"))
		env.Setenv("HOME", env.WorkDir+"/home")
		env.Setenv("XDG_CACHE_HOME", env.WorkDir+"/cache")
		return nil
	})
}

// A line from a hostile file cannot speak to the terminal.
func TestShownLinesAreClean(t *testing.T) {
	var b strings.Builder
	s := &cli.IO{In: strings.NewReader("namespace a\n\x1b[2Jstructure"), Out: &b, Err: &b, Env: func(string) string { return t.TempDir() }, Now: time.Now}
	if err := filter(s); err == nil || strings.Contains(err.Error()+b.String(), "\x1b") {
		t.Errorf("%v %q", err, b.String())
	}
	if got := clean([]rune("a\tb\x1b[2J\u009b")); got != "a\tb?[2J?" {
		t.Errorf("%q", got)
	}
}

func TestVersions(t *testing.T) {
	order := []string{"0.0.1", "0.0.2-a", "0.0.2-b", "v0.0.2", "0.1.0", "0.9.0", "0.10.0", "1.0.0-rc.1", "1.0.0", "1.2.0", "2.0.0"}
	for i, a := range order {
		for j, b := range order {
			va, okA := parseVersion(a)
			vb, okB := parseVersion(b)
			if c := va.compare(vb); !okA || !okB || (c < 0) != (i < j) || (c == 0) != (i == j) {
				t.Errorf("%s against %s: %d", a, b, c)
			}
		}
	}
	for _, text := range []string{"", "1", "1.2", "1.2.3.4", "1.2.x", "latest", "1.2.3-", "-1.2.3", "1..2", "1.2.99999999999", "sha256-1.2.3"} {
		if v, ok := parseVersion(text); ok {
			t.Errorf("%q is taken for %v", text, v)
		}
	}
	for text, want := range map[string]bool{
		"0.0.1 0.0.2": true, "0.1.0 0.1.9": false, "0.1.0 0.2.0": true, "0.9.0 1.0.0": true, "1.0.0 1.9.0": false, "1.9.0 2.0.0": true, "1.0.0 1.0.0": false, "0.0.0 0.0.0": false,
	} {
		a, b, _ := strings.Cut(text, " ")
		old, _ := parseVersion(a)
		if now, _ := parseVersion(b); now.breaks(old) != want {
			t.Errorf("%s: %v", text, !want)
		}
	}
}

// Who publishes to a registry with a password can be compared with the last release there. The password goes
// nowhere else: models may be named in somebody else's registry.
func TestReleasesBehindAPassword(t *testing.T) {
	t.Chdir(t.TempDir())
	serve := func(o registry.Options) (*registry.Registry, string) {
		r := registry.New(o)
		srv := httptest.NewServer(r)
		t.Cleanup(srv.Close)
		return r, strings.TrimPrefix(srv.URL, "http://")
	}
	_, ours := serve(registry.Options{User: "me", Password: "secret"})
	other, theirs := serve(registry.Options{User: "you", Password: "theirs"})
	env := map[string]string{"HOME": t.TempDir(), "WASH_REG_USER": "me", "WASH_REG_PASSWORD": "secret"}
	run := func(tool func(*cli.IO) *cobra.Command, args ...string) (string, int) {
		var b strings.Builder
		s := &cli.IO{In: strings.NewReader(""), Out: &b, Err: &b, Env: func(k string) string { return env[k] }, Now: time.Now}
		code := cli.Main(t.Context(), s, args, tool)
		return b.String(), code
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("a.smithy", "namespace a\n\nstructure A { @required x: String }\n")
	write("codegen.toml", "[[models]]\npath = \".\"\n")
	release := ours + "/a-interface:0.1.0"
	for _, step := range []func() (string, int){
		func() (string, int) { return run(Command, "bundle", "--out", "a.tar") },
		func() (string, int) { return run(ocipush.Command, "push", release, "a.tar") },
		func() (string, int) { return run(Command, "diff", "--release-of", release) },
	} {
		if out, code := step(); code != 0 {
			t.Fatalf("exit %d: %s", code, out)
		}
	}

	// Now it needs models of another registry.
	write("codegen.toml", "[[models]]\npath = \".\"\nfiles = [\"a.smithy\"]\n\n[[models]]\noci = \""+theirs+"/b-interface:0.1.0\"\n")
	if out, code := run(Command, "diff", "--release-of", release); code == 0 || !strings.Contains(out, theirs) {
		t.Errorf("exit %d: %s", code, out)
	}
	for _, q := range other.Requests() {
		if got := q.Authorization; got != "" {
			t.Errorf("the password went to another registry: %s", got)
		}
	}
	if len(other.Requests()) == 0 {
		t.Error("the other registry was not asked")
	}
}
