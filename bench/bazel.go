package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// bazelCases: what Bazel itself takes over the rules, in a workspace of many
// actors that share one wasm, so that no compiler is measured. What can be
// counted instead of timed is a test in e2e/bazel.
func (b *bench) bazelCases(ctx context.Context) error {
	w, err := newBazelBench(ctx)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 77 {
		b.report.note("Bazel", "there is none, or BAZEL=skip")
		return nil
	} else if err != nil {
		return err
	}
	defer w.run(context.WithoutCancel(ctx), "shutdown")
	if err := b.analysis(ctx, w); err != nil {
		return err
	}
	return b.rebuild(ctx, w)
}

// analysis of twice as many actors should take twice as long.
func (b *bench) analysis(ctx context.Context, w *bazelBench) error {
	sizes := []int{250, 500, 1000}
	took := map[int][]time.Duration{}
	for round := range 4 {
		// Another configuration: all is analysed again. The toolchain first, which is not counted.
		flags := []string{"build", "--nobuild", fmt.Sprintf("--define=round=%d", round)}
		if _, err := w.run(ctx, append(flags, "//actors1:all")...); err != nil {
			return err
		}
		for _, n := range sizes {
			d, err := w.run(ctx, append(flags, fmt.Sprintf("//actors%d:all", n))...)
			if err != nil {
				return err
			}
			if round > 0 { // the first also loads the packages
				took[n] = append(took[n], d)
			}
		}
	}
	for i, n := range sizes {
		if i == 0 {
			b.report.figure(fmt.Sprintf("Bazel: analysis of %d actors", n), millis(quantile(took[n], 0.5)), "", nil)
			continue
		}
		b.report.ratio(fmt.Sprintf("Bazel: analysis of %d actors", n), quantile(took[n], 0.5), quantile(took[sizes[i-1]], 0.5),
			fmt.Sprintf("%d actors", sizes[i-1]), "linear: <= 2.2", 2.2)
	}
	return nil
}

// rebuild: nothing changed, and one claim changed, among 250 signed actors.
func (b *bench) rebuild(ctx context.Context, w *bazelBench) error {
	if _, err := w.run(ctx, "build", "//actors250:all"); err != nil {
		return err
	}
	var noop, claim []time.Duration
	for round := range 7 {
		d, err := w.run(ctx, "build", "//actors250:all")
		if err != nil {
			return err
		}
		noop = append(noop, d)
		if err := w.actors(250, fmt.Sprintf("0.1.%d", time.Now().UnixNano()+int64(round))); err != nil {
			return err
		}
		if d, err = w.run(ctx, "build", "//actors250:all"); err != nil {
			return err
		}
		claim = append(claim, d)
	}
	b.report.figure("Bazel: no change, 250 actors", millis(quantile(noop, 0.5)), "", nil)
	b.report.figure("Bazel: a claim of one of 250 actors", millis(quantile(claim, 0.5)), "", nil)
	return nil
}

// bazelBench is the workspace; it is kept, as a new one costs minutes.
type bazelBench struct{ dir, repository string }

func newBazelBench(ctx context.Context) (*bazelBench, error) {
	root, err := filepath.Abs(".")
	if err != nil {
		return nil, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	w := &bazelBench{filepath.Join(cache, "rules_wasmcloud", "bench-bazel"), root}
	module := fmt.Sprintf(`module(name = "bench")

bazel_dep(name = "rules_wasmcloud", version = "0.1.0")
bazel_dep(name = "rules_go", version = "0.60.0")
local_path_override(module_name = "rules_wasmcloud", path = %q)
go_sdk = use_extension("@rules_go//go:extensions.bzl", "go_sdk")
go_sdk.host()
`, root)
	wasm, err := os.ReadFile(filepath.Join("e2e", "bazel", "testdata", "rules", "actor", "probe.wasm"))
	if err != nil {
		return nil, err
	}
	err = errors.Join(w.write("MODULE.bazel", []byte(module)), w.write("probe.wasm", wasm),
		w.write("BUILD.bazel", []byte(`exports_files(["probe.wasm"])`+"\n")))
	for _, n := range []int{1, 250, 500, 1000} {
		err = errors.Join(err, w.actors(n, "0.1.0"))
	}
	if err != nil {
		return nil, err
	}
	_, err = w.run(ctx, "build", "//actors1:all")
	return w, err
}

// actors writes a package of n actors, the first of some version.
func (w *bazelBench) actors(n int, version string) error {
	var text bytes.Buffer
	text.WriteString(`load("@rules_wasmcloud//rules:actor.bzl", "wasmcloud_actor")` + "\n")
	for i := range n {
		fmt.Fprintf(&text, "wasmcloud_actor(name = \"a%d\", src = \"//:probe.wasm\", caps = [\"wasmcloud:httpserver\"], version = %q)\n", i, version)
		version = "0.1.0"
	}
	return w.write(filepath.Join(fmt.Sprintf("actors%d", n), "BUILD.bazel"), text.Bytes())
}

func (w *bazelBench) write(file string, text []byte) error {
	path := filepath.Join(w.dir, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

// run runs Bazel and returns its time.
func (w *bazelBench) run(ctx context.Context, args ...string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(w.repository, "bazelw"), args...)
	cmd.Dir, cmd.Env = w.dir, append(os.Environ(), "BAZELW_BIND="+w.repository)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("bazel %s: %w\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return time.Since(start), nil
}
