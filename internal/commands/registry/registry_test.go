package registry

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"go.uber.org/goleak"
	"golang.org/x/crypto/bcrypt"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/daemon"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]func(*cli.IO) *cobra.Command{"registry": Command})
}

// TestScripts: $TAKEN is a port on which something else than a registry
// listens, $OTHER and $LOCKED are registries of somebody else's.
func TestScripts(t *testing.T) {
	testkit.Scripts(t, func(env *testscript.Env) error {
		for name, h := range map[string]http.Handler{
			"TAKEN":  http.NotFoundHandler(),
			"OTHER":  registry.New(registry.Options{}),
			"LOCKED": registry.New(registry.Options{User: "u", Password: "p"}),
		} {
			s := httptest.NewServer(h)
			env.Defer(s.Close)
			env.Setenv(name, s.Listener.Addr().String())
		}
		env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
		env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
		return nil
	})
}

// running is a registry in this process.
type running struct {
	State
	out, log *buffer
	stop     func() error
	file     string
}

type buffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

// serve runs `registry serve` with flags and waits for its state file.
func serve(t *testing.T, flags ...string) *running {
	t.Helper()
	r := &running{out: &buffer{}, log: &buffer{}, file: filepath.Join(t.TempDir(), "state.json")}
	s := &cli.IO{Out: r.out, Err: r.log, In: strings.NewReader(""), Env: func(string) string { return "" }, Now: time.Now}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Main(ctx, s, append([]string{"serve", "--addr", "127.0.0.1:0", "--state-file", r.file}, flags...), Command)
	}()
	r.stop = sync.OnceValue(func() error {
		cancel()
		if code := <-ended; code != 0 {
			return errors.New(r.log.String())
		}
		return nil
	})
	t.Cleanup(func() { _ = r.stop() })
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(20 * time.Second); ; {
		if alive, err := daemon.Alive(r.file, &r.State); alive && err == nil {
			return r
		}
		select {
		case code := <-ended:
			ended <- code
			t.Fatalf("it ended with %d:\n%s", code, r.log)
		case <-deadline:
			t.Fatalf("it is not ready:\n%s", r.log)
		case <-tick.C:
		}
	}
}

func artifact(b []byte) oci.Push {
	return oci.Push{Layer: oci.BytesSource(b), LayerType: "application/vnd.module.wasm.content.layer.v1+wasm", ConfigType: "application/vnd.wasmcloud.actor.archive.config"}
}

func push(t *testing.T, c *oci.Client, ref string, data []byte) oci.Pushed {
	t.Helper()
	r, err := oci.ParseRef(ref)
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.Push(t.Context(), r, artifact(data))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func newClient(t *testing.T, cfg oci.Config) *oci.Client {
	cfg.NoKeychain = true
	c := oci.New(cfg)
	t.Cleanup(c.Close)
	return c
}

// TestServe pushes, pulls, deletes, stops, and finds all of it after a restart.
func TestServe(t *testing.T) {
	before := goleak.IgnoreCurrent()
	// distribution never ends its broadcaster of events, even when shut down.
	events := goleak.IgnoreTopFunction("github.com/docker/go-events.(*Broadcaster).run")
	t.Cleanup(func() { goleak.VerifyNone(t, before, events) }) // after the cleanups below
	data := t.TempDir()
	r := serve(t, "--data", data)
	if !strings.HasPrefix(r.Address, "localhost:") || r.Data != data || r.PID != os.Getpid() {
		t.Errorf("state %+v", r.State)
	}
	c := newClient(t, oci.Config{})
	big := bytes.Repeat([]byte("big"), 1<<20)
	first := push(t, c, r.Address+"/echo:1", []byte("small"))
	for status, step := range map[string]struct {
		tag  string
		data []byte
	}{oci.StatusUnchanged: {"1", []byte("small")}, oci.StatusPushed: {"2", big}} {
		if out := push(t, c, r.Address+"/echo:"+step.tag, step.data); out.Status != status {
			t.Errorf("status %s, want %s", out.Status, status)
		}
	}
	if out := push(t, c, r.Address+"/echo:3", big); out.Status != oci.StatusRetagged {
		t.Errorf("status %s, want retagged", out.Status)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, "http://"+r.Address+"/v2/echo/manifests/"+first.Digest, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		t.Errorf("delete: %s", resp.Status)
	}
	c.Close()
	http.DefaultClient.CloseIdleConnections()
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(r.file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the state file is still there: %v", err)
	}
	if out := r.out.String(); out != "" {
		t.Errorf("standard output: %q", out)
	}
	for _, want := range []string{"msg=ready", "method=PUT path=/v2/echo/manifests/1 status=201", "method=DELETE", "msg=stopping"} {
		if !strings.Contains(r.log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, r.log)
		}
	}
	if strings.Contains(r.log.String(), "level=ERROR") || strings.Contains(r.log.String(), "manifest unknown") {
		t.Errorf("the log is not quiet:\n%s", r.log)
	}

	again := serve(t, "--data", data)
	ref := oci.Ref{Registry: again.Address, Repository: "echo"}
	tags, err := c.Tags(t.Context(), ref)
	if diff := cmp.Diff([]string{"2", "3"}, tags); err != nil || diff != "" {
		t.Error(diff, err)
	}
	ref.Tag = "2"
	var got []byte
	if _, err := c.Pull(t.Context(), ref, "", func(_ oci.Pulled, r io.Reader) (err error) {
		got, err = io.ReadAll(r)
		return err
	}); err != nil || !bytes.Equal(got, big) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestServeWithPasswords(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("p"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "htpasswd")
	if err := os.WriteFile(file, append([]byte("u:"), hash...), 0o600); err != nil {
		t.Fatal(err)
	}
	r := serve(t, "--data", t.TempDir(), "--htpasswd", file)
	if err := newClient(t, oci.Config{}).Ping(t.Context(), r.Address); !errors.Is(err, oci.ErrDenied) {
		t.Errorf("anybody: %v", err)
	}
	if err := newClient(t, oci.Config{User: "u", Password: "x"}).Ping(t.Context(), r.Address); !errors.Is(err, oci.ErrDenied) {
		t.Errorf("wrong password: %v", err)
	}
	push(t, newClient(t, oci.Config{User: "u", Password: "p"}), r.Address+"/echo:1", []byte("x"))
	if !answers(t.Context(), r.Address) {
		t.Error("a registry that wants a login was not recognised")
	}
}

func TestServeWithTLS(t *testing.T) {
	cert, key, pool := testkit.Certificate(t, t.TempDir())
	r := serve(t, "--data", t.TempDir(), "--tls-cert", cert, "--tls-key", key)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Get("https://" + r.Address + "/v2/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.TLS == nil {
		t.Errorf("%s, TLS %v", resp.Status, resp.TLS != nil)
	}
	wantErr := newClient(t, oci.Config{}).Ping(t.Context(), r.Address)
	if wantErr == nil || !strings.Contains(wantErr.Error(), "certificate") {
		t.Errorf("an unknown certificate: %v", wantErr)
	}
}

func TestReference(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1:5000": "localhost:5000", "0.0.0.0:5000": "localhost:5000", "[::]:5000": "localhost:5000",
		"[::1]:5000": "[::1]:5000", "192.0.2.1:5000": "192.0.2.1:5000",
	} {
		tcp, err := net.ResolveTCPAddr("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if got := reference(tcp); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}
