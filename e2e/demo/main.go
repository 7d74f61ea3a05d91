// Command demo runs the whole loop once: tools, actor, registry, host, call; with
// the argument counter also providers, links and HTTP requests. Each step is printed as the command that a user would type, followed by what it said
// and how long it took. It runs in a home and with caches of its own, so it finds
// no keys, meets no running host, and leaves nothing behind; everything it started
// is stopped at the end, whatever happened.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// A plan is what is shown, in an example's folder. make tools comes before it and
// make down after it.
type plan struct {
	dir      string
	commands []string
}

func echoPlan() (plan, error) {
	return plan{"examples/echo", []string{"make", "make up", "make push", "make start", "make call"}}, nil
}

func counterPlan() (plan, error) {
	address, err := freeAddress("127.0.0.1:8080")
	if err != nil {
		return plan{}, err
	}
	// The provider listens a moment after the link is made.
	curl := "curl -sS --retry 5 --retry-connrefused http://" + address + "/hello"
	return plan{"examples/counter", []string{
		"make", "make up", "make push", "make start", "make providers", "make link HTTP=" + address, curl, curl,
	}}, nil
}

// freeAddress is the usual address, or one with another port if that is taken.
func freeAddress(usual string) (string, error) {
	for _, address := range []string{usual, "127.0.0.1:0"} {
		l, err := net.Listen("tcp", address)
		if err == nil {
			defer l.Close()
			return l.Addr().String(), nil
		}
	}
	return "", errors.New("127.0.0.1 has no free port")
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	choose := echoPlan
	if len(os.Args) > 1 && os.Args[1] == "counter" {
		choose = counterPlan
	}
	p, err := choose()
	if err == nil {
		err = demo(ctx, p)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "\ndemo: %v\n", err)
		stop()
		os.Exit(1)
	}
}

func demo(ctx context.Context, p plan) (err error) {
	home, err := os.MkdirTemp("", "demo")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	env, err := environment(home)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := step(ctx, ".", env, "make tools"); err != nil {
		return err
	}
	built := time.Now()
	fmt.Printf("\n$ cd %s\n", p.dir)
	defer func() {
		// Also after Ctrl-C: what was started must not outlive the demo.
		err = errors.Join(err, step(context.WithoutCancel(ctx), p.dir, env, "make down"))
		if err == nil {
			fmt.Printf("\nfrom source to answer in %s, after %s for the tools\n", seconds(time.Since(built)), seconds(built.Sub(began)))
		}
	}()
	for _, command := range p.commands {
		if err := step(ctx, p.dir, env, command); err != nil {
			return err
		}
	}
	return nil
}

// environment is the caller's, with everything that leads to a home, a key, a
// registry or a host replaced; Go's own caches stay.
func environment(home string) ([]string, error) {
	goEnv, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOPATH").Output()
	if err != nil {
		return nil, fmt.Errorf("asking go for its folders: %w", err)
	}
	dirs := strings.Fields(string(goEnv))
	var env []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		switch {
		case strings.HasPrefix(name, "WASH_"), strings.HasPrefix(name, "WASMCLOUD_"), strings.HasPrefix(name, "OCI_REGISTRY"),
			strings.HasPrefix(name, "XDG_"), strings.HasPrefix(name, "MAKE"), name == "MFLAGS", name == "KEYDIR":
		default:
			env = append(env, kv)
		}
	}
	return append(env, "HOME="+home, "TMPDIR="+filepath.Join(home), "WASMCLOUD_CACHE="+filepath.Join(home, "cache"),
		"GOCACHE="+dirs[0], "GOMODCACHE="+dirs[1], "GOPATH="+dirs[2]), nil
}

func step(ctx context.Context, dir string, env []string, command string) error {
	fmt.Printf("\n$ %s\n", command)
	began := time.Now()
	words := strings.Fields(command)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, env, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	fmt.Printf("  [%s]\n", seconds(time.Since(began)))
	return nil
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
