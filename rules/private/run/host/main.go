// Command host is what wasmcloud_host runs: `devhost run`, and once that is ready
// `lattice start` for each provider and actor in the spec beside it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/bazel"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/devhost"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/daemon"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
)

// patience is how long a host may take to start on a busy machine.
const patience = time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	artifacts, err := artifacts(os.Args[0])
	if err != nil {
		fmt.Fprintln(os.Stderr, "host:", err)
		os.Exit(1)
	}
	os.Exit(run(ctx, cli.System(), artifacts, os.Args[1:]))
}

// artifact is what is started: "actor" or "provider", and its file.
type artifact struct{ kind, file string }

// artifacts lists the providers first: an actor may call them as soon as it runs.
func artifacts(arg0 string) ([]artifact, error) {
	program, err := bazel.Find(arg0, os.Getenv)
	if err != nil {
		return nil, err
	}
	var spec struct {
		Actors    []string `json:"actors"`
		Providers []string `json:"providers"`
	}
	if err := program.Spec(&spec); err != nil {
		return nil, err
	}
	var found []artifact
	for i, rlocation := range slices.Concat(spec.Providers, spec.Actors) {
		file, err := program.Runfile(rlocation)
		if err != nil {
			return nil, err
		}
		// The host may not follow links into a tree that the next build replaces.
		if file, err = filepath.EvalSymlinks(file); err != nil {
			return nil, err
		}
		kind := "provider"
		if i >= len(spec.Providers) {
			kind = "actor"
		}
		found = append(found, artifact{kind, file})
	}
	return found, nil
}

// run serves until the context ends. What does not start ends the host too.
func run(ctx context.Context, s *cli.IO, artifacts []artifact, args []string) int {
	folder, err := fsx.UserStateDir(s.Env)
	if err != nil {
		fmt.Fprintln(s.Err, "host:", err)
		return 1
	}
	// Where `lattice` and `devhost down` look.
	state := filepath.Join(folder, "devhost.json")
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	served := make(chan int, 1)
	go func() {
		served <- cli.Main(ctx, s, append([]string{"run", "--any-port", "--state-file", state}, args...), devhost.Command)
	}()
	if !ready(ctx, state, served) {
		cancel()
		return <-served
	}
	quiet := *s
	quiet.Out = s.Err
	for _, a := range artifacts {
		if code := cli.Main(ctx, &quiet, []string{"start", a.kind, a.file, "--state-file", state}, lattice.Command); code != 0 {
			cancel()
			<-served
			return code
		}
	}
	return <-served
}

// ready waits until the state file names this process. A host that ended has left its exit code in served.
func ready(ctx context.Context, state string, served chan int) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var told daemon.State
		if _, err := daemon.Alive(state, &told); err == nil && told.PID == os.Getpid() {
			return true
		}
		select {
		case code := <-served:
			served <- code
			return false
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
}
