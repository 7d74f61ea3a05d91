package soak

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbin"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor"
)

var soakCalls = flag.Int("calls", 2000, "how many calls of each actor must leave the host as large as it was")

// growth is what a host may be larger by after all calls than it was after some: what Go has
// collected and not yet given back comes and goes by about as much.
const growth = 32 << 20

// TestManyCalls calls a Rust and a Go actor through NATS, with every check on, in a host that
// is a process of its own. Each answer must be that of a first call, and the host must not grow.
func TestManyCalls(t *testing.T) {
	dir := t.TempDir()
	run := func(name string, args, env []string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Env = append(os.Environ(), env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
	}
	run("go", []string{"build", "-o", filepath.Join(dir, "devhost"), "../../tools/devhost"}, nil)
	run("go", []string{"build", "-buildmode=c-shared", "-trimpath", "-o", filepath.Join(dir, "guest.wasm"), "../../internal/wasmrt/testdata/guest"},
		[]string{"GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0"})
	h := startHost(t, dir)
	probe, err := filepath.Abs("../../internal/artifact/testdata/probe_s.wasm")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("rust", func(t *testing.T) {
		h.manyCalls(t, probe, actor.HandleRequest, func(n int) ([]byte, func([]byte) bool) {
			path := "/" + strconv.Itoa(n)
			req := actor.Request{Method: "GET", Path: path}
			return req.MarshalMsgpack(), func(reply []byte) bool { return bytes.Contains(reply, []byte("GET "+path+" 0 bytes")) }
		})
	})
	t.Run("go", func(t *testing.T) {
		// It counts its calls in a variable, so to each of them it must be the first.
		h.manyCalls(t, signed(t, filepath.Join(dir, "guest.wasm")), "Guest.Count", func(int) ([]byte, func([]byte) bool) {
			return nil, func(reply []byte) bool { return string(reply) == "I" }
		})
	})
}

// signed signs a module by the development key.
func signed(t *testing.T, path string) string {
	t.Helper()
	wasm, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	_, _, err = wasmbin.Embed(&out, bytes.NewReader(wasm), wasmbin.TokenSection, func(i wasmbin.Info) (string, error) {
		return claims.Sign(claims.Claims[claims.Actor]{
			Subject: string(key(strkey.Module, "guest").Public()), Revision: claims.Revision,
			Metadata: &claims.Actor{Name: "guest", Hash: i.Hash, Caps: []string{}, Tags: []string{}},
		}, strkey.Development())
	})
	to := strings.TrimSuffix(path, ".wasm") + "_s.wasm"
	if err == nil {
		err = os.WriteFile(to, out.Bytes(), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// process is a devhost with its own NATS server.
type process struct {
	dir      string // its home
	pid      int
	conn     *lattice.Conn
	cluster  *strkey.Seed
	compiled int // actors
}

func startHost(t *testing.T, dir string) *process {
	t.Helper()
	state, seed := filepath.Join(dir, "host.json"), key(strkey.Cluster, "calls")
	if err := os.WriteFile(filepath.Join(dir, "cluster.nk"), []byte(seed.Reveal()), 0o600); err != nil {
		t.Fatal(err)
	}
	log := new(bytes.Buffer)
	cmd := exec.Command(filepath.Join(dir, "devhost"), "run", "--nats-port", "0", "--cluster-seed", filepath.Join(dir, "cluster.nk"),
		"--no-host-config", "--state-file", state, "--log-level", "warn")
	cmd.Env, cmd.Stdout, cmd.Stderr = []string{"HOME=" + dir}, log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Errorf("the host ended with %v and wrote\n%s", err, log)
		}
	})
	var st *lattice.HostState
	testkit.Eventually(t, "the host", func() (ok bool) {
		var err error
		st, err = lattice.ReadHostState(state)
		return err == nil
	})
	conn, err := lattice.Connect(t.Context(), lattice.ConnectConfig{URL: st.NATSURL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return &process{dir: dir, pid: cmd.Process.Pid, conn: conn, cluster: seed}
}

// manyCalls starts an actor and makes *soakCalls calls of it, 8 at a time. next gives the payload
// of a call, and what its answer must be.
func (p *process) manyCalls(t *testing.T, file, operation string, next func(n int) ([]byte, func([]byte) bool)) {
	started, err := lattice.NewControl(p.conn, lattice.ControlConfig{}).Start(t.Context(), lattice.StartOptions{Ref: "file://" + file, Count: 8})
	if err != nil {
		t.Fatal(err)
	}
	p.compiled++ // which takes more memory than all calls do
	testkit.Eventually(t, "native code", func() bool {
		kept, err := filepath.Glob(filepath.Join(p.dir, ".cache/rules_wasmcloud/wasm/*/*/*.seal"))
		return err == nil && len(kept) == p.compiled
	})
	const callers = 8
	var sizes [4]int
	var made atomic.Int64
	var took []time.Duration
	var mu sync.Mutex
	began := time.Now()
	for quarter := range sizes {
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				var mine []time.Duration
				for !t.Failed() {
					n := int(made.Add(1))
					if n > *soakCalls*(quarter+1)/len(sizes) {
						made.Add(-1)
						break
					}
					begin := time.Now()
					p.call(t, started.PublicKey, operation, n, next)
					mine = append(mine, time.Since(begin))
				}
				mu.Lock()
				defer mu.Unlock()
				took = append(took, mine...)
			})
		}
		wg.Wait()
		sizes[quarter] = resident(t, p.pid)
	}
	slices.Sort(took)
	if len(took) == 0 {
		return
	}
	t.Logf("%d calls, %.0f a second, p50 %v, p99 %v; MiB resident after each quarter: %d %d %d %d", len(took), float64(len(took))/time.Since(began).Seconds(),
		took[len(took)/2], took[len(took)*99/100], sizes[0]>>20, sizes[1]>>20, sizes[2]>>20, sizes[3]>>20)
	if least := slices.Min(sizes[:]); sizes[3] > least+growth {
		t.Errorf("the host grew from %d to %d MiB", least>>20, sizes[3]>>20)
	}
}

func (p *process) call(t *testing.T, target, operation string, n int, next func(int) ([]byte, func([]byte) bool)) {
	payload, want := next(n)
	reply, err := lattice.Call(context.Background(), p.conn, lattice.CallOptions{
		Target: wasmbus.Actor(target), Operation: operation, Payload: payload,
		HostKey: key(strkey.Server, "soak client"), Cluster: p.cluster, Timeout: 20 * time.Second,
	})
	if err != nil || !want(reply) {
		t.Errorf("call %d: %q, %v", n, reply, err)
	}
}

// resident is a process's memory in bytes.
func resident(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}
