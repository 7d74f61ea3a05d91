package e2e

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/daemon"
)

// realTools is set in scripts that run the tools themselves, not their stand-ins.
const realTools = "E2E_REAL_TOOLS"

// TestToolsTogether runs what needs several tools: registry, host and clients.
func TestToolsTogether(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/together", Setup: withTools(t), RequireUniqueNames: true, RequireExplicitExec: true,
	})
}

// withTools lets scripts run the tools, with an empty home; probe_s.wasm is a signed actor.
func withTools(t *testing.T) func(*testscript.Env) error {
	probe, err := os.ReadFile("../internal/host/core/testdata/probe_s.wasm")
	if err != nil {
		t.Fatal(err)
	}
	includes, err := filepath.Abs("../rules/make")
	if err != nil {
		t.Fatal(err)
	}
	goCache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	return func(env *testscript.Env) error {
		env.Setenv("MK", includes)
		env.Setenv("GOCACHE", strings.TrimSpace(string(goCache)))
		tools, _, _ := strings.Cut(env.Getenv("PATH"), string(os.PathListSeparator))
		env.Setenv("WASMCLOUD_TOOLS", tools)
		env.Setenv(realTools, "1")
		env.Setenv("HOME", env.WorkDir)
		env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, "cache"))
		env.Defer(func() { stopDaemons(t, env.WorkDir) })
		return os.WriteFile(filepath.Join(env.WorkDir, "probe_s.wasm"), probe, 0o644)
	}
}

// stopDaemons ends the registries and hosts that a script that failed has left running.
func stopDaemons(t *testing.T, dir string) {
	states, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Error(err)
	}
	for _, state := range states {
		if _, err := daemon.Stop(context.Background(), state); err != nil {
			t.Error(err)
		}
	}
}

func runReal(name string) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(cli.Main(ctx, cli.System(), os.Args[1:], tools()[name]))
}
