// Package ocicache fetches actors from registries and keeps them.
//
// Content is kept by digest, so a hit can be neither stale nor somebody
// else's. A tag is asked for again at every start, which costs one small
// request and is why a moved tag is seen without draining anything (the hosts
// up to OTP 0.61 keep a tag for ever). A reference with a digest is never
// asked for again once it is held.
//
// Layout below the folder: blobs/ (by SHA-256, see fsx.CAS), manifests/ (one
// record per manifest digest: which layer it holds), tags/ (what a tag last
// meant, for the message shown when its registry does not answer), locks/.
package ocicache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
)

// MaxArtifact bounds what is fetched, in bytes. An actor is read into memory
// to be compiled.
const MaxArtifact = 256 << 20

// Registry is the part of oci.Client that the cache needs.
type Registry interface {
	Resolve(ctx context.Context, ref oci.Ref) (oci.Descriptor, error)
	Pull(ctx context.Context, ref oci.Ref, want string, fetch func(m oci.Pulled, r io.Reader) error) (oci.Pulled, error)
}

// Cache is a folder of fetched artifacts. Several hosts may share it.
type Cache struct {
	dir   string
	blobs *fsx.CAS
}

// Open makes or opens the cache in dir, which only its owner can read.
func Open(dir string) (*Cache, error) {
	blobs, err := fsx.OpenCAS(filepath.Join(dir, "blobs"))
	if err != nil {
		return nil, fmt.Errorf("opening the artifact cache: %w", err)
	}
	return &Cache{dir: dir, blobs: blobs}, nil
}

// Artifact is a fetched layer.
type Artifact struct {
	Digest    string // of the manifest, "sha256:…"
	MediaType string // of the layer
	Cached    bool   // no bytes were fetched for it
	Data      []byte // by Fetch alone
}

// record says which layer a manifest holds.
type record struct {
	Manifest  string `json:"manifest"`
	Layer     string `json:"layer"`
	MediaType string `json:"media_type"`
}

// Fetch returns the layer that ref means now, in memory.
func (c *Cache) Fetch(ctx context.Context, reg Registry, ref oci.Ref) (*Artifact, error) {
	f, a, err := c.Open(ctx, reg, ref)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	a.Data, err = io.ReadAll(io.LimitReader(f, MaxArtifact+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s from the artifact cache: %w", ref, err)
	}
	if len(a.Data) > MaxArtifact {
		return nil, fmt.Errorf("the layer of %s has more than the %d bytes that a host loads", ref, MaxArtifact)
	}
	return a, nil
}

// Open returns the layer that ref means now as a file, whose bytes have just
// been compared with their digest. Data is left empty: archives of providers are
// large, and read as they stream by.
func (c *Cache) Open(ctx context.Context, reg Registry, ref oci.Ref) (*os.File, *Artifact, error) {
	digest, err := c.resolve(ctx, reg, ref)
	if err != nil {
		return nil, nil, err
	}
	// One fetch per digest, among goroutines and among processes.
	unlock, err := fsx.Lock(ctx, filepath.Join(c.dir, "locks", hexOf(digest)))
	if err != nil {
		return nil, nil, fmt.Errorf("waiting for another fetch of %s: %w", ref, err)
	}
	defer unlock()

	if f, a, err := c.held(digest); err == nil {
		return f, a, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	if err := c.pull(ctx, reg, ref, digest); err != nil {
		return nil, nil, err
	}
	f, a, err := c.held(digest)
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s back from the artifact cache: %w", ref, err)
	}
	a.Cached = false
	return f, a, nil
}

// resolve says which manifest digest ref means now.
func (c *Cache) resolve(ctx context.Context, reg Registry, ref oci.Ref) (string, error) {
	if ref.Digest != "" {
		return ref.Digest, nil
	}
	tagFile := filepath.Join(c.dir, "tags", hexOf(ref.String()))
	d, err := reg.Resolve(ctx, ref)
	if err != nil {
		// Running what the tag meant yesterday would be the very surprise
		// this cache is made to avoid, so offline work names a digest.
		if last, e := os.ReadFile(tagFile); e == nil && c.has(string(last)) {
			pinned := ref
			pinned.Digest, pinned.Tag = string(last), ""
			return "", fmt.Errorf("%w; the artifact it named last is held here: to run that, start %s", err, pinned)
		}
		return "", err
	}
	err = fsx.WriteFile(tagFile, 0o600, func(w io.Writer) error {
		_, err := io.WriteString(w, d.Digest)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("noting what %s means: %w", ref, err)
	}
	return d.Digest, nil
}

// pull fetches a manifest's layer and then notes it, so that a record is never
// there without its bytes.
func (c *Cache) pull(ctx context.Context, reg Registry, ref oci.Ref, digest string) error {
	pinned := ref
	pinned.Digest = digest
	m, err := reg.Pull(ctx, pinned, digest, func(m oci.Pulled, r io.Reader) error {
		if m.Size > MaxArtifact {
			return fmt.Errorf("its layer has %d bytes, more than the %d that a host loads", m.Size, MaxArtifact)
		}
		_, err := c.blobs.Put(ctx, m.LayerDigest, r)
		return err
	})
	if err != nil {
		return fmt.Errorf("fetching %s: %w", ref, err)
	}
	text, err := json.Marshal(record{Manifest: digest, Layer: m.LayerDigest, MediaType: m.LayerType})
	if err != nil {
		return err
	}
	return fsx.WriteFile(c.recordFile(digest), 0o600, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// held opens an artifact of the cache; fs.ErrNotExist if it is not there, or
// no longer what it was.
func (c *Cache) held(digest string) (*os.File, *Artifact, error) {
	rec, err := c.record(digest)
	if err != nil {
		return nil, nil, err
	}
	f, err := c.blobs.Open(rec.Layer)
	if err != nil {
		return nil, nil, err
	}
	return f, &Artifact{Digest: digest, MediaType: rec.MediaType, Cached: true}, nil
}

func (c *Cache) has(digest string) bool {
	rec, err := c.record(digest)
	if err != nil {
		return false
	}
	f, err := c.blobs.Open(rec.Layer)
	if err != nil {
		return false
	}
	f.Close()
	return true
}

// record reads a manifest's record. A damaged one counts as absent: it is
// written again after the next pull.
func (c *Cache) record(digest string) (record, error) {
	text, err := os.ReadFile(c.recordFile(digest))
	if err != nil {
		return record{}, err
	}
	var rec record
	if json.Unmarshal(text, &rec) != nil || rec.Manifest != digest || rec.Layer == "" {
		return record{}, fs.ErrNotExist
	}
	return rec, nil
}

func (c *Cache) recordFile(digest string) string {
	return filepath.Join(c.dir, "manifests", hexOf(digest)+".json")
}

// hexOf is a file name for a digest or a reference: never a path, and no two
// references share one (real hosts turn both . and / into _).
func hexOf(s string) string {
	if h, ok := strings.CutPrefix(s, "sha256:"); ok {
		if b, err := hex.DecodeString(h); err == nil && len(b) == sha256.Size {
			return strings.ToLower(h)
		}
	}
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
