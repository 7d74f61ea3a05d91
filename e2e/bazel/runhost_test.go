//go:build bazel

package bazel

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/lattice"
)

// What `bazel run //actor:host` runs starts the actor, and //both:host a provider too; both end when asked.
func TestHostRunsActorsAndProviders(t *testing.T) {
	w := example(t)
	w.write("both/BUILD.bazel", `load("@rules_wasmcloud//rules:host.bzl", "wasmcloud_host")

wasmcloud_host(
    name = "host",
    actors = ["//actor"],
    providers = ["//provider"],
)
`)
	t.Cleanup(func() { w.write("both/BUILD.bazel", "") })
	w.must("build", "//actor:signed", "//provider:signed")
	subject := func(file string) string {
		a, err := artifact.Read(bytes.NewReader(w.built(file)))
		if err != nil {
			t.Fatal(err)
		}
		return a.Subject()
	}
	actor, provider := subject("actor/actor_s.wasm"), subject("provider/provider.par.gz")
	for target, subjects := range map[string][]string{"//actor:host": {actor}, "//both:host": {actor, provider}} {
		t.Run(target, func(t *testing.T) {
			script := filepath.Join(t.TempDir(), "host.sh")
			// A process of ours rather than Bazel's: its end can be waited for.
			w.must("run", "--check_visibility=false", "--script_path="+script, target)
			runsAndEnds(t, script, subjects)
		})
	}
}

// runsAndEnds starts a host by a script, waits for the subjects in it, and asks it to end.
func runsAndEnds(t *testing.T, script string, subjects []string) {
	state := t.TempDir()
	cmd := exec.Command(script)
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+state, "WASMCLOUD_CACHE="+t.TempDir())
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })

	stateFile := filepath.Join(state, "rules_wasmcloud", "devhost.json")
	deadline, tick := time.After(2*time.Minute), time.NewTicker(200*time.Millisecond)
	defer tick.Stop()
	for got := ""; slices.ContainsFunc(subjects, func(s string) bool { return !strings.Contains(got, s) }); got = inventory(t, stateFile) {
		select {
		case err := <-ended:
			t.Fatalf("the host ended: %v\n%s", err, tail(log.String()))
		case <-deadline:
			t.Fatalf("%q are not all in\n%s\n%s", subjects, got, tail(log.String()))
		case <-tick.C:
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("the host does not end")
	}
	if _, err := os.Stat(stateFile); err == nil {
		t.Error("the host has ended, and its state file is there")
	}
}

// inventory is what a host says that it runs; nothing before it is up.
func inventory(t *testing.T, stateFile string) string {
	out, _, _ := attempt(t, nil, lattice.Command, "get", "inventory", "--state-file", stateFile, "--output", "json")
	return out
}
