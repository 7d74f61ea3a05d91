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

// TestMain says which Bazel is used, and leaves no server running: each holds half a
// gigabyte.
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
	for _, dir := range workspaces() {
		cmd := exec.Command(bazelw, "shutdown")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "BAZELW_BIND="+filepath.Dir(bazelw))
		_ = cmd.Run() // a server that is left ends by itself after a while
	}
	os.Exit(code)
}

func workspaces() []string {
	dirs := []string{"../../examples/bazel-actor"}
	if cache, err := fsx.UserCacheDir(os.Getenv); err == nil {
		found, _ := filepath.Glob(filepath.Join(cache, "e2e-bazel", "*", ".bazelversion"))
		for _, f := range found {
			dirs = append(dirs, filepath.Dir(f))
		}
	}
	return dirs
}
