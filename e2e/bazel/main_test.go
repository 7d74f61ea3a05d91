//go:build bazel

package bazel

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
)

// TestMain says which Bazel is used, and leaves no server running; a test ends the
// servers of its own workspaces.
func TestMain(m *testing.M) {
	bazelw, err := filepath.Abs("../../bazelw")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	about := exec.Command(bazelw, "about")
	about.Stdout, about.Stderr = os.Stderr, os.Stderr
	if err := about.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "no Bazel to test with:", err)
		os.Exit(1) // without a Bazel these tests fail; who wants none does not run them
	}
	code := m.Run()
	if cache, err := fsx.UserCacheDir(os.Getenv); err == nil {
		cmd := exec.Command(bazelw, "shutdown")
		cmd.Dir = filepath.Join(cache, "e2e-bazel", mainWorkspace)
		cmd.Env = append(os.Environ(), "BAZELW_BIND="+filepath.Dir(bazelw))
		_ = cmd.Run() // a server that is left ends by itself after a while
	}
	os.Exit(code)
}
