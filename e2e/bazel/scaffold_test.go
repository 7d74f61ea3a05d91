//go:build bazel

package bazel

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/scaffold"
)

// A new project builds, signs, tests and pushes as it stands: the commands of its README.
func TestNewProjects(t *testing.T) {
	for _, kind := range []string{"actor", "provider", "interface"} {
		from := begun(t, kind)
		// One after the other in one folder: what they use of Bazel's modules is the same, and need not be had again.
		w := openAs(t, from, "new")
		t.Run(kind, func(t *testing.T) { followReadme(t, &workspace{t: t, dir: w.dir}, kind) })
	}
}

// begun makes a project for Bazel alone, and gives its folder.
func begun(t *testing.T, kind string) string {
	t.Helper()
	from := filepath.Join(t.TempDir(), "project")
	var stderr bytes.Buffer
	s := &cli.IO{In: strings.NewReader(""), Out: io.Discard, Err: &stderr, Env: os.Getenv, Now: time.Now}
	args := []string{"new", kind, "My-Project", "--build", "bazel", "--dir", from, "--checkout", repository(t)}
	if code := cli.Main(t.Context(), s, args, scaffold.Command); code != 0 {
		t.Fatal(stderr.String())
	}
	return from
}

func followReadme(t *testing.T, w *workspace, kind string) {
	_, address := serve(t)
	repository, commands := "my-project", 4
	if kind == "interface" {
		repository, commands = "my_project-interface", 3
	}
	ran := 0
	for line := range strings.Lines(read(t, filepath.Join(w.dir, "README.md"))) {
		command, ok := strings.CutPrefix(line, "bazel ")
		if !ok {
			continue
		}
		command, _, _ = strings.Cut(command, "#")
		args := strings.Fields(command)
		if args[len(args)-1] == "//:push" { // to a registry of the test's own
			args = append(args, "--", "--reference", address+"/"+repository+":0.1.0")
		}
		out := w.must(args[0], args[1:]...)
		switch {
		case args[1] == "//:inspect" && !strings.Contains(out.stdout, "My-Project"):
			t.Errorf("inspect: %s", out.stdout)
		case args[1] == "//:push" && !strings.HasPrefix(out.stdout, "sha256:"):
			t.Errorf("push: %s", out.stdout)
		}
		ran++
	}
	if ran != commands {
		t.Errorf("the README has %d commands, want %d", ran, commands)
	}
}
