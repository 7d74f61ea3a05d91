package browser

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/devhost"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbin"
)

const (
	kvContract = "wasmcloud:keyvalue"
	// probeKey is the actor of internal/host/core/testdata/probe_s.wasm.
	probeKey = "MCLFG44AN6RKNORIDSN5JACURXNEIP5Q6CH2BOG5FCTDF7HE6ES3MCQB"
)

// host is a devhost that runs in this process, as its command does.
type host struct {
	state lattice.HostState
	login string // URL with the token
	dir   string // for files to upload
	out   *output
}

// output is written by the host and read by the test.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// startHost runs `devhost run` until the test ends.
func startHost(t *testing.T, args ...string) *host {
	t.Helper()
	dir := t.TempDir()
	h := &host{dir: dir, out: &output{}}
	env := map[string]string{"HOME": dir, "PATH": os.Getenv("PATH"), "XDG_CACHE_HOME": filepath.Join(dir, "cache")}
	s := &cli.IO{In: strings.NewReader(""), Out: h.out, Err: h.out, Env: func(k string) string { return env[k] }, Now: time.Now}
	ctx, cancel := context.WithCancel(context.Background())
	file := filepath.Join(dir, "host.json")
	args = append([]string{"run", "--nats-port", "0", "--dashboard-port", "0", "--no-host-config", "--interpreter", "--state-file", file}, args...)
	ended := make(chan int, 1)
	go func() { ended <- cli.Main(ctx, s, args, devhost.Command) }()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("devhost ended with %d", code)
		}
		if t.Failed() {
			t.Logf("host:\n%s", h.out)
		}
	})
	testkit.Eventually(t, "the host is ready", func() bool {
		_, err := os.Stat(file)
		return err == nil || len(ended) > 0
	})
	st, err := lattice.ReadHostState(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, h.out)
	}
	login, err := os.ReadFile(filepath.Join(dir, "host.dashboard-url"))
	if err != nil {
		t.Fatal(err)
	}
	h.state, h.login = *st, strings.TrimSpace(string(login))
	return h
}

// file lays a file that can be uploaded.
func (h *host) file(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(h.dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func probe(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile("../../internal/host/core/testdata/probe_s.wasm")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// tampered changes one byte of a module's code, which its token then is not for.
func tampered(t *testing.T, wasm []byte) []byte {
	t.Helper()
	b := bytes.Clone(wasm)
	at := bytes.Index(b, []byte("in-range"))
	if at < 0 {
		t.Fatal("the probe has changed")
	}
	b[at] = 'I'
	return b
}

func unsigned(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := wasmbin.Canonical(&out, bytes.NewReader(probe(t))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// key is a test key: the same for the same name.
func key(k strkey.Kind, name string) *strkey.Seed {
	var raw [32]byte
	copy(raw[:], name)
	return strkey.FromRaw(k, raw)
}

// expired is an actor whose token ended long ago.
func expired(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	_, _, err := wasmbin.Embed(&out, bytes.NewReader(unsigned(t)), wasmbin.TokenSection, func(i wasmbin.Info) (string, error) {
		return claims.Sign(claims.Claims[claims.Actor]{
			Subject: string(key(strkey.Module, "expired").Public()), Revision: claims.Revision, Expires: 1_600_000_000,
			Metadata: &claims.Actor{Name: "old", Hash: i.Hash, Caps: []string{}, Tags: []string{}},
		}, strkey.Development())
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// buildStore builds the key-value provider of the host's tests, once.
var buildStore = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "provider-test-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "provider")
	cmd := exec.Command("go", "build", "-o", out, "../../internal/host/core/testdata/provider")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the test provider: %w\n%s", err, text)
	}
	return os.ReadFile(out)
})

var storeKey = string(key(strkey.Service, "counter store").Public())

// archive packs that provider for this machine.
func archive(t *testing.T) []byte {
	t.Helper()
	executable, err := buildStore()
	if err != nil {
		t.Fatal(err)
	}
	file, err := par.Measure(t.Context(), par.HostTarget(), func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(executable)), nil })
	if err != nil {
		t.Fatal(err)
	}
	name := "counter store"
	var out bytes.Buffer
	_, err = par.Create(t.Context(), &out, par.CreateOptions{
		Issuer: strkey.Development(), Compress: true, Fast: true, Files: []par.File{file},
		Claims: claims.Claims[claims.Provider]{
			Subject: storeKey, Revision: claims.Revision,
			Metadata: &claims.Provider{Name: &name, CapID: kvContract, Vendor: "test"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
