// Command suite is `make test`: formatting, vet, every test, and then the tests with
// a real Bazel, beside which every fuzz target is run for a moment and the tools are
// compiled for other systems. It names what failed and what was skipped and why; its
// last line is `N passed, N failed, N skipped`.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

func main() {
	fuzzTime := flag.String("fuzztime", "3000x", "how long each fuzz target runs, as go test takes it")
	cross := flag.String("cross", "", "GOOS/GOARCH pairs for which the tools are compiled")
	require := flag.String("require", "", "what may not be skipped: bazel")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s := &suite{ctx, &tally{out: os.Stdout}}
	if err := keepScreenshots(filepath.Join("build", "screenshots")); err != nil {
		s.fail("keeping screenshots", err.Error())
	}
	made := provision(ctx, os.Stderr, "./bazelw")
	s.check("gofmt", gofmt)
	s.check("go vet", func(ctx context.Context) ([]byte, error) { return run(ctx, nil, "go", "vet", "-trimpath", "./...") })
	s.tests()
	// Bazel waits a lot, for its servers to start and for one action at a time.
	var beside sync.WaitGroup
	beside.Go(func() {
		s.fuzz(*fuzzTime)
		for _, target := range strings.Fields(*cross) {
			s.check("tools for "+target, func(ctx context.Context) ([]byte, error) { return compile(ctx, target) })
		}
	})
	s.bazelTests(made, *require == "bazel")
	beside.Wait()
	if !s.summary(ctx.Err() != nil) {
		stop()
		os.Exit(1)
	}
}

type suite struct {
	ctx context.Context
	*tally
}

// check counts one step as one test.
func (s *suite) check(name string, do func(context.Context) ([]byte, error)) {
	began := time.Now()
	out, err := do(s.ctx)
	if err != nil {
		s.fail(name, fmt.Sprintf("%s%v", out, err))
		return
	}
	s.pass()
	s.took(name, time.Since(began).Seconds())
}

// event is a line of `go test -json` (go doc test2json).
type event struct {
	Action, Package, Test, Output, FailedBuild string
	ImportPath                                 string // of build output
	Elapsed                                    float64
}

// tests runs every package's tests; those of e2e run other programs, whose
// changes Go's cache of test results does not see.
func (s *suite) tests() {
	list, err := run(s.ctx, nil, "go", "list", "./...")
	if err != nil {
		s.fail("go list", fmt.Sprintf("%s%v", list, err))
		return
	}
	var rooms, whole []string
	for _, pkg := range strings.Fields(string(list)) {
		switch {
		case strings.HasSuffix(pkg, "/e2e/bazel"): // bazelTests
		case strings.Contains(pkg, "/e2e"):
			whole = append(whole, pkg)
		default:
			rooms = append(rooms, pkg)
		}
	}
	s.goTest(rooms)
	s.goTest(append([]string{"-count=1"}, whole...))
}

func (s *suite) goTest(args []string) {
	cmd := command(s.ctx, "go", append([]string{"test", "-trimpath", "-json", "-timeout", "60m"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		s.fail("go test", err.Error())
		return
	}
	failed, outputs := false, map[string][]string{}
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) == nil {
			failed = s.count(e, outputs) || failed
		}
	}
	if err := errors.Join(lines.Err(), cmd.Wait()); err != nil && !failed {
		s.fail("go test", fmt.Sprintf("%s%v", stderr.Bytes(), err))
	}
}

// count tells whether something failed.
func (s *suite) count(e event, outputs map[string][]string) (failed bool) {
	key := e.Package + e.ImportPath + " " + e.Test
	name := strings.TrimSpace(strings.TrimPrefix(e.Package, modulePath) + " " + e.Test)
	switch e.Action {
	case "output", "build-output":
		outputs[key] = append(outputs[key], e.Output)
	case "pass":
		if e.Test != "" {
			s.pass()
		}
		if e.Test == "" || e.Elapsed >= longTest && !strings.Contains(e.Test, "/") {
			s.took(name, e.Elapsed)
		}
	case "skip":
		if e.Test != "" {
			s.skip(name, reason(outputs[key]))
		}
	case "fail":
		if e.Test != "" {
			s.fail(name, strings.Join(outputs[key], ""))
		} else if e.FailedBuild != "" {
			s.fail(name+" (build)", strings.Join(outputs[e.FailedBuild+" "], ""))
		} else if !s.failedIn(name + " ") {
			s.fail(name, strings.Join(outputs[key], "")) // a panic or a timeout outside any test
		}
	}
	return e.Action == "fail"
}

// longTest is the time in seconds from which a test gets a line of its own.
const longTest = 10

const modulePath = "github.com/rules-wasmcloud/rules_wasmcloud/"

// reason is what a test said when it skipped itself.
func reason(output []string) string {
	for _, line := range output {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "===") && !strings.HasPrefix(line, "---") {
			_, text, found := strings.Cut(line, ".go:")
			if _, after, ok := strings.Cut(text, ": "); found && ok {
				return after
			}
			return line
		}
	}
	return "no reason given"
}

// fuzz gives each target a short run: long enough to replay its corpus and to
// find what a change broke, not a search.
func (s *suite) fuzz(fuzzTime string) {
	target := regexp.MustCompile(`(?m)^func (Fuzz\w+)\(\w+ \*testing\.F\)`)
	err := filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range target.FindAllSubmatch(text, -1) {
			name, pkg := string(m[1]), "./"+filepath.ToSlash(filepath.Dir(path))
			s.check("fuzz "+pkg+" "+name, func(ctx context.Context) ([]byte, error) {
				return run(ctx, nil, "go", "test", "-trimpath", "-run", "^$", "-fuzz", "^"+name+"$", "-fuzztime", fuzzTime, pkg)
			})
		}
		return nil
	})
	if err != nil {
		s.fail("looking for fuzz targets", err.Error())
	}
}

func gofmt(ctx context.Context) ([]byte, error) {
	out, err := run(ctx, nil, "gofmt", "-l", ".")
	if err == nil && len(out) > 0 {
		err = errors.New("these files are not formatted: run gofmt -w on them")
	}
	return out, err
}

// compile links every tool for another system, into a folder that is thrown away.
func compile(ctx context.Context, target string) ([]byte, error) {
	goos, goarch, _ := strings.Cut(target, "/")
	dir, err := os.MkdirTemp("", "cross")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	env := []string{"GOOS=" + goos, "GOARCH=" + goarch}
	return run(ctx, env, "go", "build", "-trimpath", "-o", dir+string(filepath.Separator), "./tools/...")
}

func run(ctx context.Context, env []string, name string, args ...string) ([]byte, error) {
	cmd := command(ctx, name, args...)
	cmd.Env = append(cmd.Env, env...)
	return cmd.CombinedOutput()
}

// command is one that is asked to end, and not killed, when ctx does: go test
// then stops the tests it runs. All is compiled without cgo and with -trimpath, as
// `make tools` does, so that what tests and tools have in common is compiled once.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	return cmd
}
