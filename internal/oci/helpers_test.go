package oci

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	wasmLayer   = "application/vnd.module.wasm.content.layer.v1+wasm"
	actorConfig = "application/vnd.wasmcloud.actor.archive.config"
	parLayer    = "application/vnd.wasmcloud.provider.archive.layer.v1+par"
	parConfig   = "application/vnd.wasmcloud.provider.archive.config"
)

// clock counts the sleeps instead of sleeping.
type clock struct {
	mu   sync.Mutex
	naps []time.Duration
}

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.naps = append(c.naps, d)
	return ctx.Err()
}

// fixture is a registry and a client for it in one process.
type fixture struct {
	*registry.Registry
	clock  clock
	cfg    Config
	client *Client
}

// restart makes a client that knows nothing of what the last one did.
func (f *fixture) restart() { f.client = New(f.cfg) }

func newFixture(t *testing.T, opts registry.Options, change ...func(*Config)) *fixture {
	t.Helper()
	f := &fixture{Registry: registry.New(opts)}
	cfg := Config{Transport: f.Registry, NoKeychain: true, Sleep: f.clock.sleep}
	for _, c := range change {
		c(&cfg)
	}
	f.cfg = cfg
	f.restart()
	return f
}

// serve puts the registry behind a real socket and returns its host:port.
func serve(t *testing.T, f *fixture) string {
	t.Helper()
	s := httptest.NewServer(f.Registry)
	t.Cleanup(s.Close)
	t.Cleanup(f.client.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func overNetwork(c *Config) { c.Transport = nil }

func mustRef(t *testing.T, s string) Ref {
	t.Helper()
	ref, err := ParseRef(s)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// random gives n bytes that are the same in every run.
func random(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

func actor(b []byte) Push {
	return Push{Layer: BytesSource(b), LayerType: wasmLayer, ConfigType: actorConfig}
}

func (f *fixture) push(t *testing.T, ref string, p Push) Pushed {
	t.Helper()
	out, err := f.client.Push(t.Context(), mustRef(t, ref), p)
	if err != nil {
		t.Fatalf("push %s: %v", ref, err)
	}
	return out
}

func (f *fixture) pull(t *testing.T, ref string) ([]byte, error) {
	t.Helper()
	var got []byte
	_, err := f.client.Pull(t.Context(), mustRef(t, ref), "", func(_ Pulled, r io.Reader) (err error) {
		got, err = io.ReadAll(r)
		return err
	})
	return got, err
}

// wantError fails unless err says all of words.
func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one that says %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

// countingSource counts how often it is opened.
type countingSource struct {
	Source
	opened int
}

func (s *countingSource) Open() (io.ReadCloser, error) {
	s.opened++
	return s.Source.Open()
}

func readVector(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(b)
}

func sorted(lines []string) []string {
	lines = slices.Clone(lines)
	slices.Sort(lines)
	return lines
}
