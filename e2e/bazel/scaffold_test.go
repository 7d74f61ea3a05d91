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
	for _, kind := range []string{"actor", "provider"} {
		t.Run(kind, func(t *testing.T) { newProject(t, kind) })
	}
}

func newProject(t *testing.T, kind string) {
	from := filepath.Join(t.TempDir(), "project")
	var stderr bytes.Buffer
	s := &cli.IO{In: strings.NewReader(""), Out: io.Discard, Err: &stderr, Env: os.Getenv, Now: time.Now}
	args := []string{"new", kind, "My-Project", "--build", "bazel", "--dir", from, "--checkout", repository(t)}
	if code := cli.Main(t.Context(), s, args, scaffold.Command); code != 0 {
		t.Fatal(stderr.String())
	}
	w := openAs(t, from, "new-"+kind)
	_, address := serve(t)
	ran := 0
	for line := range strings.Lines(read(t, filepath.Join(from, "README.md"))) {
		command, ok := strings.CutPrefix(line, "bazel ")
		if !ok {
			continue
		}
		command, _, _ = strings.Cut(command, "#")
		args := strings.Fields(command)
		if args[len(args)-1] == "//:push" { // to a registry of the test's own
			args = append(args, "--", "--reference", address+"/my-project:0.1.0")
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
	if ran != 4 {
		t.Errorf("the README has %d commands", ran)
	}
}
