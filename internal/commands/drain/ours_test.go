package drain

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/ocicache"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
)

// oneArtifact is a registry that answers every reference with the same artifact.
type oneArtifact struct{ content string }

func digest(text string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text))) }

func (r oneArtifact) Resolve(context.Context, oci.Ref) (oci.Descriptor, error) {
	return oci.Descriptor{Digest: digest("manifest of " + r.content)}, nil
}

func (r oneArtifact) Pull(_ context.Context, _ oci.Ref, _ string, fetch func(oci.Pulled, io.Reader) error) (oci.Pulled, error) {
	m := oci.Pulled{Digest: digest("manifest of " + r.content), LayerDigest: digest(r.content), Size: int64(len(r.content))}
	return m, fetch(m, strings.NewReader(r.content))
}

// Drain knows the layout of devhost's cache without importing it; this keeps the
// two in step.
func TestOneReferenceInOurOwnCache(t *testing.T) {
	b := newBench(t)
	dir := filepath.Join(b.home, ".cache", "rules_wasmcloud", "oci")
	cache, err := ocicache.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	fetch := func(text, content string) {
		t.Helper()
		ref, err := oci.ParseRef(text)
		if err == nil {
			_, err = cache.Fetch(context.Background(), oneArtifact{content}, ref)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	const first, second, other = "localhost:5000/echo:0.1.0", "localhost:5000/echo:0.2.0", "localhost:5000/kv:1"
	fetch(first, "echo")
	fetch(second, "echo")
	fetch(other, "kv")
	blob := func(content string) string {
		return filepath.Join(dir, "blobs", strings.TrimPrefix(digest(content), "sha256:"))
	}

	// The same bytes under another tag stay.
	if code, r, errText := b.drain(first); code != 0 || r.Files != 1 {
		t.Errorf("exit %d, %+v, %s", code, r, errText)
	}
	b.want(blob("echo"), true)
	if code, r, errText := b.drain(second); code != 0 || r.Files != 3 {
		t.Errorf("exit %d, %+v, %s; want tag, record and bytes gone", code, r, errText)
	}
	b.want(blob("echo"), false)
	b.want(blob("kv"), true)
	fetch(first, "echo") // the cache still works
	b.want(blob("echo"), true)
}
