// Command bench compares the tools with their peers in one run: wash (where
// the environment variable WASH names one), oras and crane, and prints
// ratios, each with its goal. Where there is no peer the goal is a time or a rate
// on two cores: on another machine, or a busy one, it tells little. It is not part
// of the tests.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
)

type bench struct {
	dir               string // scratch, removed at the end
	bin               string // our tools
	wash, oras, crane peer
	report            report
}

func main() {
	only := flag.String("run", ".", "run the cases whose name matches this regular expression: sign, par, push, host, start, calls, http, dev, bazel")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only string) error {
	match, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	b, cleanup, err := setUp(ctx)
	if err != nil {
		return err
	}
	defer cleanup()
	for _, c := range []struct {
		name string
		run  func(context.Context) error
	}{{"sign", b.signCases}, {"par", b.parCases}, {"push", b.pushCases}, {"host", b.hostCases}, {"start", b.startCases}, {"calls", b.callCases}, {"http", b.httpCases}, {"dev", b.devCases}, {"bazel", b.bazelCases}} {
		if !match.MatchString(c.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "bench: %s\n", c.name)
		if err := c.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	fmt.Println(machine())
	for name, p := range map[string]peer{"wash": b.wash, "oras": b.oras, "crane": b.crane} {
		if p.path == "" {
			b.report.note(name, p.why)
		}
	}
	fmt.Printf("peers: wash %s, oras %s, crane %s\n\n", b.wash.version, b.oras.version, b.crane.version)
	b.report.print(os.Stdout)
	return nil
}

func setUp(ctx context.Context) (*bench, func(), error) {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, nil, err
	}
	cleanup := func() { os.RemoveAll(dir) }
	b := &bench{dir: dir, bin: filepath.Join(dir, "bin"), wash: washPeer(ctx)}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", b.bin+string(filepath.Separator), "./tools/signer", "./tools/parpack", "./tools/wasmfix", "./tools/ocipush", "./tools/registry", "./tools/devhost")
	build.Stderr, build.Env = os.Stderr, append(os.Environ(), "CGO_ENABLED=0")
	if err := build.Run(); err != nil {
		cleanup()
		return nil, nil, fmt.Errorf("building the tools (run this from the top folder): %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = dir
	}
	peers := filepath.Join(cache, "rules_wasmcloud", "bench-peers")
	b.oras, b.crane = installed(ctx, peers, orasModule), installed(ctx, peers, craneModule)
	return b, cleanup, nil
}

func (b *bench) tool(name string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(b.bin, name)
}

// env gives the programs a home of their own: no keys, caches or settings of
// the person who measures.
func (b *bench) env() []string {
	return []string{"HOME=" + filepath.Join(b.dir, "home"), "PATH=" + os.Getenv("PATH"), "TMPDIR=" + b.dir, "USER=bench"}
}
