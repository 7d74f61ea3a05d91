package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// startCases: from the command to the event that says "started", of an actor and
// of a provider that the host has had before, and what an idle actor costs.
func (b *bench) startCases(ctx context.Context) error {
	state, stop, err := b.devhost(ctx)
	if err != nil {
		return err
	}
	defer stop()
	conn, err := lattice.Connect(ctx, lattice.ConnectConfig{URL: state.NATSURL, Name: "bench"})
	if err != nil {
		return err
	}
	defer conn.Close()
	control := lattice.NewControl(conn, lattice.ControlConfig{Lattice: state.LatticePrefix})
	if err := b.actorStarts(ctx, control, state); err != nil {
		return err
	}
	if err := b.providerStarts(ctx, control, state); err != nil {
		return err
	}
	return b.idleActors(ctx, state)
}

const startRuns = 10

func (b *bench) actorStarts(ctx context.Context, control *lattice.Control, state *lattice.HostState) error {
	file, err := b.goActor(ctx)
	if err != nil {
		return err
	}
	var samples []sample
	for range startRuns + 1 {
		begin := time.Now()
		started, err := control.Start(ctx, lattice.StartOptions{Ref: "file://" + file, HostID: state.HostID, Add: true})
		if err != nil {
			return err
		}
		samples = append(samples, sample{wall: time.Since(begin)})
		if err := control.Stop(ctx, lattice.StopOptions{HostID: state.HostID, ActorID: started.PublicKey, Wait: 10 * time.Second}); err != nil {
			return err
		}
	}
	b.report.figure("start of a Go actor, warm cache", millis(quantile(walls(samples[1:]), 0.5)), "", nil)
	return nil
}

func (b *bench) providerStarts(ctx context.Context, control *lattice.Control, state *lattice.HostState) error {
	archive, err := b.providerArchive(ctx, "keyvalue", "wasmcloud:keyvalue")
	if err != nil {
		return err
	}
	var samples []sample
	for range startRuns + 1 {
		begin := time.Now()
		started, err := control.LaunchProvider(ctx, lattice.ProviderOptions{Ref: "file://" + archive, HostID: state.HostID})
		if err != nil {
			return err
		}
		samples = append(samples, sample{wall: time.Since(begin)})
		if err := control.EndProvider(ctx, lattice.ProviderEnd{HostID: state.HostID, ProviderID: started.PublicKey}); err != nil {
			return err
		}
	}
	what := "start of a provider, warm cache"
	if info, err := os.Stat(archive); err == nil {
		what = fmt.Sprintf("start of a provider (%s archive), warm cache", mib(info.Size()))
	}
	b.report.figure(what, millis(quantile(walls(samples[1:]), 0.5)), "", nil)
	return nil
}

// idleCount actors are started, compiled and called once each; what the host's
// resident memory has then grown by is divided among them.
const idleCount = 20

// restTime is after what a host holds no more than it keeps: instances are given
// up ten seconds after their last call, and memory is given back three later.
const restTime = 20 * time.Second

func (b *bench) idleActors(ctx context.Context, state *lattice.HostState) error {
	if _, err := residentBytes(state.PID); err != nil {
		b.report.note("memory per idle actor", err.Error())
		return nil
	}
	before, err := b.atRest(ctx, state.PID)
	if err != nil {
		return err
	}
	caller, err := newCaller(ctx, state)
	if err != nil {
		return err
	}
	defer caller.conn.Close()
	compiled := len(b.compiledActors())
	var calls []func(context.Context) error
	for i := range idleCount {
		file, err := b.idleActor(ctx, i)
		if err != nil {
			return err
		}
		call, err := caller.start(ctx, file)
		if err != nil {
			return err
		}
		calls = append(calls, call)
	}
	if err := b.waitCompiled(ctx, compiled+idleCount); err != nil {
		return err
	}
	for _, call := range calls { // now: what the first call makes stays with the code that runs it
		if err := call(ctx); err != nil {
			return err
		}
	}
	after, err := b.atRest(ctx, state.PID)
	if err != nil {
		return err
	}
	b.report.figure(fmt.Sprintf("memory per idle Go actor (of %d, called once)", idleCount), mib((after-before)/idleCount), "", nil)
	return nil
}

// idleActor signs the echo actor once more, as another one.
func (b *bench) idleActor(ctx context.Context, i int) (file string, err error) {
	fixed, signed := filepath.Join(b.dir, "echo.wasm"), filepath.Join(b.dir, fmt.Sprintf("idle%d_s.wasm", i))
	subject := string(strkey.FromRaw(strkey.Module, [32]byte{9, byte(i)}).Public())
	_, err = command(append(b.env(), "WASH_ISSUER_KEY="+testIssuer), b.tool("signer"), "sign", fixed,
		"--name", fmt.Sprintf("idle%d", i), "--subject", subject, "-q", "-l", "--ver", "1.0.0", "--destination", signed)(ctx)
	return signed, err
}

// compiledActors are the files by which a host on Linux vouches for native code.
func (b *bench) compiledActors() []string {
	seals, _ := filepath.Glob(filepath.Join(b.dir, "home", ".cache", "rules_wasmcloud", "wasm", "*", "*", "*.seal")) // the pattern is in order
	return seals
}

// waitCompiled waits for native code, which a host makes in the background.
func (b *bench) waitCompiled(ctx context.Context, want int) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	for len(b.compiledActors()) < want {
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("%d actors are compiled, not %d: %w", len(b.compiledActors()), want, err)
		}
	}
	return nil
}

// atRest is what a process holds once it has given back what it does not keep.
func (b *bench) atRest(ctx context.Context, pid int) (int64, error) {
	if err := pause(ctx, restTime); err != nil {
		return 0, err
	}
	return residentBytes(pid)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// residentBytes is what a process holds in memory now.
func residentBytes(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, fmt.Errorf("resident memory is read from /proc: %w", err)
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0, fmt.Errorf("/proc/%d/statm says %q", pid, text)
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}
