//go:build bazel

package bazel

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
)

// TestMain says which Bazel is used, and leaves no server running; a test ends the
// servers of its own workspaces.
func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	bazelw, err := filepath.Abs("../../bazelw")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience) // to make one where there is none
	defer cancel()
	about := exec.CommandContext(ctx, bazelw, "about")
	about.Stdout, about.Stderr, about.WaitDelay = os.Stderr, os.Stderr, waitDelay
	if err := about.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "no Bazel to test with:", err)
		return 1 // without a Bazel these tests fail; who wants none does not run them
	}
	code := m.Run()
	if cache, err := fsx.UserCacheDir(os.Getenv); err == nil {
		_ = shutdown(filepath.Dir(bazelw), filepath.Join(cache, "e2e-bazel", mainWorkspace)) // one that is left ends by itself after a while
	}
	return code
}

// waitDelay is how long the output of an ended bazelw is waited for: its children may hold it open.
const waitDelay = 10 * time.Second

// shutdown ends the server of a folder's workspace, which holds half a gigabyte.
func shutdown(repository, folder string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(repository, "bazelw"), "shutdown")
	cmd.Dir, cmd.Env, cmd.WaitDelay = folder, append(os.Environ(), "BAZELW_BIND="+repository), waitDelay
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("bazel shutdown: %w\n%s", err, out)
	}
	return nil
}
