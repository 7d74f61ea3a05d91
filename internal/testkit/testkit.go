// Package testkit holds what the tests of several rooms share: golden files and
// command scripts. Only tests import it.
package testkit

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

var update = flag.Bool("update", false, "rewrite golden files instead of comparing with them")

// Golden compares got with the file testdata/name, or rewrites that under
// -update. A missing file is a difference.
func Golden(t testing.TB, name string, got []byte) {
	t.Helper()
	GoldenFile(t, filepath.Join("testdata", name), got)
}

// GoldenFile is Golden for a file anywhere.
func GoldenFile(t testing.TB, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s differs (rewrite it by `go test -update`):\n%s", path, cmp.Diff(string(want), string(got)))
	}
}

// Main is a TestMain whose scripts may run the given tools by name. Each runs in
// a process of its own, as it does for a user.
func Main(m *testing.M, tools map[string]func(*cli.IO) *cobra.Command) {
	commands := map[string]func(){}
	for name, build := range tools {
		commands[name] = func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			go endWithTests(ctx, os.Getenv(testsVariable), stop)
			os.Exit(cli.Main(ctx, cli.System(), os.Args[1:], build))
		}
	}
	testscript.Main(m, commands)
}

// testsVariable tells the tools that scripts run of the tests' process.
const testsVariable = "TESTKIT_TESTS_PID"

// endWithTests ends a tool when the tests are gone. A script that fails half-way, or
// tests that are killed, would leave what it started in the background for ever.
func endWithTests(ctx context.Context, pid string, end func()) {
	n, err := strconv.Atoi(pid)
	if err != nil {
		return
	}
	tests, err := os.FindProcess(n)
	if err != nil {
		end()
		return
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if errors.Is(tests.Signal(syscall.Signal(0)), os.ErrProcessDone) {
				end()
				return
			}
		}
	}
}

// Scripts runs every script in testdata/script. Setup may be nil; it can lay
// files and set variables before a script starts.
func Scripts(t *testing.T, setup func(*testscript.Env) error) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			env.Setenv(testsVariable, strconv.Itoa(os.Getpid()))
			if setup == nil {
				return nil
			}
			return setup(env)
		},
		UpdateScripts:       *update,
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
	})
}

// Eventually polls a condition until it holds; it fails the test when it has not
// within a generous deadline. Tests wait with this, never by a fixed time.
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline.C:
			t.Fatalf("still waiting: %s", what)
		case <-tick.C:
		}
	}
}
