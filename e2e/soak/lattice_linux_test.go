package soak

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

const contract = "wasmcloud:keyvalue"

func key(k strkey.Kind, name string) *strkey.Seed {
	var raw [32]byte
	copy(raw[:], name)
	return strkey.FromRaw(k, raw)
}

// world is a lattice of two hosts on one NATS server.
type world struct {
	t       *testing.T
	dir     string
	archive string // reference
	nats    embedded.Config
	server  *embedded.Server
	url     string
	hosts   []*host
}

// host is one devhost, which may be dead at the moment.
type host struct {
	w     *world
	state string

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{}
	log  *bytes.Buffer // of this life
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	w.build("devhost", "../../tools/devhost")
	w.build("keyvalue", "../../providers/keyvalue")
	w.pack()
	cluster := filepath.Join(w.dir, "cluster.nk")
	if err := os.WriteFile(cluster, []byte(key(strkey.Cluster, "soak").Reveal()), 0o600); err != nil {
		t.Fatal(err)
	}
	w.nats = embedded.Config{Port: -1, StoreDir: filepath.Join(w.dir, "nats")}
	w.startNATS()
	w.url = w.server.URL()
	u, err := url.Parse(w.url)
	if err != nil {
		t.Fatal(err)
	}
	if w.nats.Port, err = strconv.Atoi(u.Port()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.server.Shutdown() })
	for i := range 2 {
		h := &host{w: w, state: filepath.Join(w.dir, fmt.Sprintf("host%d.json", i))}
		w.hosts = append(w.hosts, h)
		t.Cleanup(h.stop)
	}
	return w
}

func (w *world) startNATS() {
	w.t.Helper()
	var err error
	if w.server, err = embedded.Start(context.Background(), w.nats); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) build(name, folder string) {
	w.t.Helper()
	if out, err := exec.Command("go", "build", "-o", filepath.Join(w.dir, name), folder).CombinedOutput(); err != nil {
		w.t.Fatalf("building %s: %v\n%s", folder, err, out)
	}
}

func (w *world) pack() {
	w.t.Helper()
	file, err := par.Measure(w.t.Context(), par.HostTarget(), func() (io.ReadCloser, error) { return os.Open(filepath.Join(w.dir, "keyvalue")) })
	if err != nil {
		w.t.Fatal(err)
	}
	var out bytes.Buffer
	_, err = par.Create(w.t.Context(), &out, par.CreateOptions{
		Files: []par.File{file}, Issuer: strkey.Development(), Compress: true, Fast: true,
		Claims: claims.Claims[claims.Provider]{
			Subject: string(key(strkey.Service, "soak").Public()), Revision: claims.Revision,
			Metadata: &claims.Provider{CapID: contract, Vendor: "test"},
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	path := filepath.Join(w.dir, "keyvalue.par.gz")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.archive = "file://" + path
}

// start runs the host and its provider; an error is for the next try, because
// the NATS server may be gone at this very moment.
func (h *host) start(ctx context.Context) error {
	if err := os.Remove(h.state); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	cmd := exec.Command(filepath.Join(h.w.dir, "devhost"), "run", "--nats-url", h.w.url, "--cluster-seed", filepath.Join(h.w.dir, "cluster.nk"),
		"--allow-file-load", "--no-host-config", "--no-dashboard", "--state-file", h.state, "--provider-restarts", "1000")
	cmd.Env = []string{"HOME=" + h.w.dir, "WASMCLOUD_CACHE=" + filepath.Join(h.w.dir, "cache"), "TMPDIR=" + h.w.dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C is for the test, which stops it
	log := new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait()
	}()
	h.mu.Lock()
	h.cmd, h.done, h.log = cmd, done, log
	h.mu.Unlock()

	id, err := h.ready(ctx, done)
	if err != nil {
		return err
	}
	conn, err := lattice.Connect(ctx, lattice.ConnectConfig{URL: h.w.url})
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = lattice.NewControl(conn, lattice.ControlConfig{}).LaunchProvider(ctx, lattice.ProviderOptions{Ref: h.w.archive, HostID: id, Wait: 20 * time.Second})
	return err
}

// ready waits for the state file.
func (h *host) ready(ctx context.Context, done <-chan struct{}) (id string, err error) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if s, err := lattice.ReadHostState(h.state); err == nil {
			return s.HostID, nil
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-done:
			return "", errors.New("the host ended")
		case <-tick.C:
		}
	}
}

// kill ends the host without a word and waits until its providers are gone,
// which must happen by itself.
func (h *host) kill() {
	children := h.providers()
	h.mu.Lock()
	cmd, done := h.cmd, h.done
	h.mu.Unlock()
	_ = cmd.Process.Kill()
	<-done
	for _, pid := range children {
		testkit.Eventually(h.w.t, "an orphan to end", func() bool { return !alive(pid) })
	}
}

// stop ends the host in order and looks for what it left behind.
func (h *host) stop() {
	h.mu.Lock()
	cmd, done, log := h.cmd, h.done, h.log
	h.mu.Unlock()
	if cmd == nil {
		return
	}
	children := h.providers()
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		h.w.t.Error("a host does not stop")
		_ = cmd.Process.Kill()
		<-done
	}
	for _, pid := range children {
		if alive(pid) {
			h.w.t.Errorf("process %d is left over", pid)
		}
	}
	if h.w.t.Failed() {
		text := log.Bytes()
		h.w.t.Logf("end of a host's log:\n%s", text[max(0, len(text)-5000):])
	}
}

// providers are the process numbers of the host's children.
func (h *host) providers() []int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cmd == nil {
		return nil
	}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well-formed
	var out []int
	for _, path := range stats {
		pid, state, parent := stat(path)
		if parent == h.cmd.Process.Pid && state != "Z" {
			out = append(out, pid)
		}
	}
	return out
}

func stat(path string) (pid int, state string, parent int) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, "", 0
	}
	number, _, _ := strings.Cut(string(text), " ")
	pid, _ = strconv.Atoi(number)
	rest := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	parent, _ = strconv.Atoi(rest[1])
	return pid, rest[0], parent
}

func alive(pid int) bool {
	_, state, _ := stat(fmt.Sprintf("/proc/%d/stat", pid))
	return state != "" && state != "Z"
}
