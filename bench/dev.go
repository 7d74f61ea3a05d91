package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// devCases: what `make dev` adds to the compiler's time, until new code takes calls. The
// "compiler" is cp, of two builds with the same key, version and revision by turns.
func (b *bench) devCases(ctx context.Context) error {
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", b.tool("lattice"), "./tools/lattice")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return err
	}
	state, stop, err := b.devhost(ctx)
	if err != nil {
		return err
	}
	defer stop()
	actors, err := b.twoActors(ctx)
	if err != nil {
		return err
	}
	providers, err := b.twoProviders(ctx)
	if err != nil {
		return err
	}
	for _, c := range []struct {
		name, file string
		builds     [2]string
	}{{"a Go actor", "live_s.wasm", actors}, {"a provider", "live.par.gz", providers}} {
		var all []time.Duration
		for i := range 11 {
			live, err := b.live(ctx, state.Context, filepath.Join(b.dir, c.file), c.builds[i%2])
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			all = append(all, live)
		}
		median := quantile(all[1:], 0.5) // the first is a start, the others replace
		ok := median < time.Second
		b.report.figure("edit live after the compiler, "+c.name, millis(median), "< 1 s", &ok)
	}
	return nil
}

// live runs one round, and gives what the command says of it.
func (b *bench) live(ctx context.Context, hostContext, file, from string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, b.tool("lattice"), "dev", file, "--once", "--watch", from, "--context", hostContext, "--output", "json", "--", "cp", from, file)
	cmd.Env, cmd.Stderr = b.env(), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("%w: %s", err, out)
	}
	var said struct {
		LiveMS int64 `json:"live_ms"`
	}
	err = json.Unmarshal(out, &said)
	return time.Duration(said.LiveMS) * time.Millisecond, err
}

// twoActors are the Go actor and one whose code differs by a section that nobody reads.
func (b *bench) twoActors(ctx context.Context) (two [2]string, err error) {
	if two[0], err = b.goActor(ctx); err != nil {
		return two, err
	}
	other, two1 := filepath.Join(b.dir, "other.wasm"), filepath.Join(b.dir, "other_s.wasm")
	custom := "\x00\x04\x03dev"
	if err := appended(filepath.Join(b.dir, "echo.wasm"), other, custom); err != nil {
		return two, err
	}
	two[1] = two1
	env := append(b.env(), "WASH_ISSUER_KEY="+testIssuer)
	_, err = command(env, b.tool("signer"), "sign", other, "--name", "echo", "-q", "-l", "--ver", "1.0.0", "--destination", two1)(ctx)
	return two, err
}

// twoProviders are archives of one executable and of the same with a byte behind it.
func (b *bench) twoProviders(ctx context.Context) (two [2]string, err error) {
	plain, other := filepath.Join(b.dir, "keyvalue"), filepath.Join(b.dir, "keyvalue_other")
	build := append(os.Environ(), "CGO_ENABLED=0")
	if _, err := command(build, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", plain, "./providers/keyvalue")(ctx); err != nil {
		return two, err
	}
	if err := appended(plain, other, "\n"); err != nil {
		return two, err
	}
	for i, bin := range []string{plain, other} {
		two[i] = bin + ".par.gz"
		_, err := command(append(b.env(), "WASH_ISSUER_KEY="+testIssuer), b.tool("parpack"), "create", "--binary", bin, "--capid", "wasmcloud:keyvalue", "--name", "keyvalue",
			"--vendor", "bench", "--version", "1.0.0", "--destination", two[i], "--compress", "--fast")(ctx)
		if err != nil {
			return two, err
		}
	}
	return two, nil
}

func appended(from, to, tail string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, append(content, tail...), 0o700)
}
