package ocicache

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

// fakeRegistry serves one repository: tags to manifest digests to layers.
type fakeRegistry struct {
	mu       sync.Mutex
	tags     map[string]string
	layers   map[string][]byte
	lie      bool // serve other bytes than the digest says
	down     error
	resolves atomic.Int32
	pulls    atomic.Int32
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// push names a layer by tag and returns the manifest digest, which is any
// digest derived from the layer here.
func (f *fakeRegistry) push(tag, layer string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := digestOf([]byte("manifest of " + layer))
	if f.tags == nil {
		f.tags, f.layers = map[string]string{}, map[string][]byte{}
	}
	f.tags[tag], f.layers[d] = d, []byte(layer)
	return d
}

func (f *fakeRegistry) Resolve(_ context.Context, ref oci.Ref) (oci.Descriptor, error) {
	f.resolves.Add(1)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down != nil {
		return oci.Descriptor{}, f.down
	}
	d, ok := f.tags[ref.Tag]
	if !ok {
		return oci.Descriptor{}, oci.ErrNotFound
	}
	return oci.Descriptor{Digest: d}, nil
}

func (f *fakeRegistry) Pull(_ context.Context, ref oci.Ref, want string, fetch func(oci.Pulled, io.Reader) error) (oci.Pulled, error) {
	f.pulls.Add(1)
	f.mu.Lock()
	layer, ok := f.layers[ref.Digest]
	f.mu.Unlock()
	if f.down != nil {
		return oci.Pulled{}, f.down
	}
	if !ok || want != ref.Digest {
		return oci.Pulled{}, oci.ErrNotFound
	}
	m := oci.Pulled{Digest: ref.Digest, LayerType: "application/x", LayerDigest: digestOf(layer), Size: int64(len(layer))}
	if f.lie {
		layer = []byte("other bytes")
	}
	return m, fetch(m, bytes.NewReader(layer))
}

func open(t *testing.T) *Cache {
	t.Helper()
	c, err := Open(filepath.Join(t.TempDir(), "cache"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func fetch(t *testing.T, c *Cache, f *fakeRegistry, ref oci.Ref) *Artifact {
	t.Helper()
	a, err := c.Fetch(t.Context(), f, ref)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

var tagged = oci.Ref{Registry: "localhost:5000", Repository: "echo", Tag: "1"}

func TestMovedTagIsSeenWithoutDraining(t *testing.T) {
	c, f := open(t), new(fakeRegistry)
	f.push("1", "first")
	if a := fetch(t, c, f, tagged); string(a.Data) != "first" || a.Cached {
		t.Fatalf("got %q, cached %v", a.Data, a.Cached)
	}
	if a := fetch(t, c, f, tagged); string(a.Data) != "first" || !a.Cached {
		t.Fatalf("again: got %q, cached %v", a.Data, a.Cached)
	}
	second := f.push("1", "second")
	a := fetch(t, c, f, tagged)
	if string(a.Data) != "second" || a.Digest != second || a.MediaType != "application/x" {
		t.Fatalf("after the move: %q %s %s", a.Data, a.Digest, a.MediaType)
	}
	if n := f.pulls.Load(); n != 2 {
		t.Fatalf("%d pulls, want one per digest", n)
	}
}

func TestDigestIsNeverAskedForAgain(t *testing.T) {
	c, f := open(t), new(fakeRegistry)
	pinned := tagged
	pinned.Digest = f.push("1", "first")
	fetch(t, c, f, pinned)
	f.down = errors.New("network is down")
	if a := fetch(t, c, f, pinned); string(a.Data) != "first" {
		t.Fatalf("got %q", a.Data)
	}
	if f.resolves.Load() != 0 || f.pulls.Load() != 1 {
		t.Fatalf("%d resolves, %d pulls; want 0 and 1", f.resolves.Load(), f.pulls.Load())
	}
}

func TestOfflineNamesTheHeldDigest(t *testing.T) {
	c, f := open(t), new(fakeRegistry)
	d := f.push("1", "first")
	f.down = errors.New("network is down")
	_, err := c.Fetch(t.Context(), f, tagged)
	if !errors.Is(err, f.down) || strings.Contains(err.Error(), "held here") {
		t.Fatalf("never fetched: %v", err)
	}
	f.down = nil
	fetch(t, c, f, tagged)
	f.down = errors.New("network is down")
	_, err = c.Fetch(t.Context(), f, tagged)
	if !errors.Is(err, f.down) || !strings.Contains(err.Error(), "localhost:5000/echo@"+d) {
		t.Fatalf("want the registry's error and the reference that works offline, got: %v", err)
	}
}

func TestOneFetchPerDigest(t *testing.T) {
	c, f := open(t), new(fakeRegistry)
	f.push("1", strings.Repeat("x", 1<<20))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := c.Fetch(t.Context(), f, tagged); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := f.pulls.Load(); n != 1 {
		t.Fatalf("%d pulls of one digest", n)
	}
}

func TestLyingRegistryLeavesNothingBehind(t *testing.T) {
	c, f := open(t), new(fakeRegistry)
	f.push("1", "first")
	f.lie = true
	if _, err := c.Fetch(t.Context(), f, tagged); err == nil {
		t.Fatal("other bytes were accepted")
	}
	f.lie = false
	if a := fetch(t, c, f, tagged); string(a.Data) != "first" {
		t.Fatalf("got %q", a.Data)
	}
}

func TestDamagedCacheIsFetchedAgain(t *testing.T) {
	c, f := open(t), new(fakeRegistry)
	f.push("1", "first")
	fetch(t, c, f, tagged)
	for _, damage := range []string{"blobs/*", "manifests/*"} {
		files, err := filepath.Glob(filepath.Join(c.dir, damage))
		if err != nil || len(files) != 1 {
			t.Fatalf("%s: %v %v", damage, files, err)
		}
		if err := os.Chmod(files[0], 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(files[0], []byte(`{"manifest":"x"`), 0o600); err != nil {
			t.Fatal(err)
		}
		if a := fetch(t, c, f, tagged); string(a.Data) != "first" || a.Cached {
			t.Fatalf("%s damaged: got %q, cached %v", damage, a.Data, a.Cached)
		}
	}
}

func TestReferencesShareNoFile(t *testing.T) {
	if hexOf("a.b/c") == hexOf("a_b/c") {
		t.Fatal("two references share a file")
	}
	for _, s := range []string{"../../etc/passwd", "sha256:../x", "sha256:" + strings.Repeat("g", 64), ""} {
		if h := hexOf(s); len(h) != 64 || strings.ContainsAny(h, "/.") {
			t.Errorf("hexOf(%q) = %q", s, h)
		}
	}
}

// TestFetchesFromRegistriesAsTheyAre: through redirects to a storage that refuses a login,
// and with tokens that expire, by the client that the tools have.
func TestFetchesFromRegistriesAsTheyAre(t *testing.T) {
	for _, p := range registry.Everybody().Profiles {
		t.Run(p.Name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(p.Login), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("HOME", dir)
			t.Setenv("DOCKER_CONFIG", dir)
			client := oci.New(oci.Config{Transport: p})
			ref, err := oci.ParseRef(p.Host + "/" + p.Owner + "echo:1")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.Push(t.Context(), ref, oci.Push{Layer: oci.BytesSource([]byte("layer")), LayerType: "l", ConfigType: "c"}); err != nil {
				t.Fatal(err)
			}
			cache, err := Open(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			for _, cached := range []bool{false, true} {
				a, err := cache.Fetch(t.Context(), client, ref)
				if err != nil || string(a.Data) != "layer" || a.Cached != cached {
					t.Errorf("%+v %v", a, err)
				}
			}
		})
	}
}
