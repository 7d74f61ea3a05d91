package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// world is one lattice for one test: our registry and our host on free ports,
// a home of its own, and the real wash.
type world struct {
	t    *testing.T
	wash string // the one that is asked
	dir  string
	env  []string

	vars map[string]string // of the script

	registry string // host:port
	host     hostState
}

type hostState struct {
	HostID  string `json:"host_id"`
	NATSURL string `json:"nats_url"`
	Context string `json:"context"`
	Version string `json:"version"`
}

// realWash names the binary, or skips: it takes minutes to build and is not
// part of this project.
func realWash(t *testing.T) string {
	t.Helper()
	path := os.Getenv("WASH")
	if path == "" {
		t.Skip("WASH names no wash 0.17.1 to run against")
	}
	return path
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOf(t, realWash(t))
}

func newWorldOf(t *testing.T, wash string) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{t: t, wash: wash, dir: dir}
	home := filepath.Join(dir, "home")
	for _, dir := range []string{home, filepath.Join(dir, "tmp")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w.env = []string{"HOME=" + home, "TMPDIR=" + filepath.Join(dir, "tmp"), "USER=interop", "PATH=" + os.Getenv("PATH")}
	return w
}

// serveRegistry starts tools/registry on a free port.
func (w *world) serveRegistry() {
	w.t.Helper()
	var state struct {
		Address string `json:"address"`
	}
	w.serve(&state, "registry", "serve", "--addr", "127.0.0.1:0", "--data", filepath.Join(w.dir, "data"))
	_, port, err := net.SplitHostPort(state.Address)
	if err != nil {
		w.t.Fatal(err)
	}
	// wash speaks plain HTTP to what it is told to; the name matters to hosts.
	w.registry = "localhost:" + port
}

// serveHost starts tools/devhost on a free port and points wash at it.
func (w *world) serveHost() {
	w.t.Helper()
	w.serve(&w.host, "devhost", "run", "--any-port", "--nats-port", "0")
	host, port, err := net.SplitHostPort(strings.TrimPrefix(w.host.NATSURL, "nats://"))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, iface := range []string{"CTL", "RPC"} {
		w.env = append(w.env, "WASMCLOUD_"+iface+"_HOST="+host, "WASMCLOUD_"+iface+"_PORT="+port)
	}
}

// serve runs one of our servers until the test ends and reads its state file
// when it is there.
func (w *world) serve(state any, tool string, args ...string) {
	w.t.Helper()
	file := filepath.Join(w.dir, tool+".json")
	cmd := exec.Command(tool, append(args, "--state-file", file)...)
	cmd.Env = w.env
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	w.t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			cmd.Process.Kill()
			w.t.Errorf("%s did not stop", tool)
		}
		if w.t.Failed() {
			w.t.Logf("%s's log:\n%s", tool, log.Bytes())
		}
	})
	w.await(tool+"'s state file", func() error {
		select {
		case err := <-done:
			done <- err
			w.t.Fatalf("%s stopped: %v\n%s", tool, err, log.Bytes())
		default:
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		return json.Unmarshal(raw, state)
	})
}

// await polls until ok gives nil.
func (w *world) await(what string, ok func() error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for tick := time.NewTicker(10 * time.Millisecond); ; {
		err := ok()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			w.t.Fatalf("waited in vain for %s: %v", what, err)
		case <-tick.C:
		}
	}
}

// ours runs one of our tools and returns its standard output.
func (w *world) ours(tool string, args ...string) string {
	w.t.Helper()
	out, err := w.run(tool, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// real runs the real wash with JSON output and decodes its answer.
func (w *world) real(into any, args ...string) {
	w.t.Helper()
	out, err := w.run(w.wash, append(args, "-o", "json")...)
	if err != nil {
		w.t.Fatal(err)
	}
	start := strings.IndexByte(out, '{')
	if start < 0 {
		w.t.Fatalf("wash %s: no JSON in %q", strings.Join(args, " "), out)
	}
	if err := json.Unmarshal([]byte(out[start:]), into); err != nil {
		w.t.Fatalf("wash %s: %v in %q", strings.Join(args, " "), err, out)
	}
}

func (w *world) run(path string, args ...string) (string, error) {
	cmd := exec.Command(path, args...)
	cmd.Env, cmd.Dir = w.env, w.dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if err != nil {
		err = fmt.Errorf("%s %s: %w\n%s%s", filepath.Base(path), strings.Join(args, " "), err, out.Bytes(), errs.Bytes())
	}
	return out.String(), err
}

func vector(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "internal", "wasmrt", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return path
}

func fmtInstances(got, want int) error { return fmt.Errorf("%d instances, want %d", got, want) }
