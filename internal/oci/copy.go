package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"oras.land/oras-go/v2/registry/remote/auth"
)

// Copy says how an artifact is copied.
type Copy struct {
	AllowLatest bool // of the source and the destinations
	// Force lets a tag off loopback move to another digest.
	Force bool
	// Check is given every artifact of one layer, before anything is written anywhere.
	// Its error stops the copy; loopbackOnly is as in Push.
	Check func(m Pulled, r io.Reader) (loopbackOnly bool, err error)
	// Any copies what has not exactly one layer too, with no check but that of its digests.
	Any bool
	// Progress is told what was sent of all blobs that are sent.
	Progress func(done, total int64)
}

const (
	maxDepth    = 3   // of indexes in indexes
	maxArtifact = 200 // manifests under one reference
)

// Copy copies what src names, byte for byte, so that it has the same digest under every
// one of the references to. An index is copied with all that it lists. from is the client
// for src's registry, which may be another one than c; between repositories of one
// registry blobs are mounted. Nothing is written before everything was checked.
func (c *Client) Copy(ctx context.Context, from *Client, src Ref, to []Ref, o Copy) ([]Pushed, error) {
	if err := errors.Join(from.err, src.check()); err != nil {
		return nil, err
	}
	if src.latest() && !o.AllowLatest {
		return nil, refuse("copying %s with the tag latest is prohibited: it is another artifact every time; give a tag or a digest, or pass --allow-latest", src)
	}
	var jobs []*pushJob
	for _, ref := range to {
		if ref.Tag == "" && ref.Digest == "" {
			ref.Tag = src.Tag
		}
		job, err := c.newJob(ref, Push{AllowLatest: o.AllowLatest, Force: o.Force})
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, job)
	}
	dir, err := os.MkdirTemp("", "ocipush-copy-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for what is copied: %w", err)
	}
	defer os.RemoveAll(dir)
	ctx, _ = from.begin(ctx, src, auth.ActionPull)
	cargo := &cargo{Client: from, Copy: o, ctx: ctx, ref: src, dir: dir, seen: map[string]bool{}}
	if err := cargo.list(src, maxDepth); err != nil {
		return nil, fmt.Errorf("copying %s: %w", src, err)
	}
	return c.deliver(cargo, jobs)
}

// deliver asks all destinations first, so that one that refuses costs nothing.
func (c *Client) deliver(cargo *cargo, jobs []*pushJob) ([]Pushed, error) {
	contexts, changes := make([]context.Context, len(jobs)), false
	for i, job := range jobs {
		if err := job.carry(cargo.manifests...); err != nil {
			return nil, err
		}
		contexts[i], job.call = c.begin(cargo.ctx, job.ref, auth.ActionPull, auth.ActionPush)
		if err := job.look(contexts[i]); err != nil {
			return nil, fmt.Errorf("copying to %s: %w", job.ref, err)
		}
		changes = changes || job.before != job.digest
	}
	if changes {
		if err := cargo.load(); err != nil {
			return nil, fmt.Errorf("copying %s: %w", cargo.ref, err)
		}
	}
	for _, job := range jobs {
		job.blobs, job.LoopbackOnly = cargo.outgoing(), cargo.loopbackOnly
		if err := job.allowed(); err != nil {
			return nil, fmt.Errorf("copying to %s: %w", job.ref, err)
		}
		if job.call.host == cargo.ref.host() {
			job.shelve(cargo.ref.Repository)
		}
	}
	var out []Pushed
	for i, job := range jobs {
		done, err := job.write(contexts[i])
		if err != nil {
			return out, fmt.Errorf("copying to %s: %w", job.ref, err)
		}
		out = append(out, done)
	}
	return out, nil
}

// shelve notes that the source has the blobs, to be mounted from there.
func (j *pushJob) shelve(repository string) {
	for _, b := range j.blobs {
		j.shelf.put(j.shelfKey(b), repository)
	}
}

// cargo is what a reference leads to.
type cargo struct {
	*Client
	Copy
	ctx context.Context // of the one Copy
	ref Ref
	dir string // for layers that were checked

	manifests    []body // children before parents
	artifacts    []Pulled
	blobs        []Source
	seen         map[string]bool
	loopbackOnly bool
}

// list reads the manifests under a reference.
func (c *cargo) list(ref Ref, depth int) error {
	got, err := c.fetchManifest(c.ctx, ref)
	if err != nil {
		return err
	}
	if c.seen[got.digest] {
		return nil
	}
	c.seen[got.digest] = true
	var m manifest
	if err := json.Unmarshal(got.raw, &m); err != nil {
		return fmt.Errorf("the manifest is not valid JSON: %w", err)
	}
	if len(m.Manifests) > 0 || slices.Contains([]string{mediaTypeIndex, mediaTypeDockerList}, m.MediaType) {
		err = c.listIndex(ref, &m, depth)
	} else {
		err = c.listArtifact(ref, got)
	}
	if c.manifests = append(c.manifests, got); err == nil && len(c.manifests) > maxArtifact {
		err = refuse("it leads to more than %d manifests, which no artifact needs", maxArtifact)
	}
	return err
}

func (c *cargo) listIndex(ref Ref, m *manifest, depth int) error {
	if depth == 0 {
		return refuse("it is an index of indexes of indexes, which no artifact needs")
	}
	for _, raw := range m.Manifests {
		var child blob
		if err := json.Unmarshal(raw, &child); err != nil || !isDigest(child.Digest) {
			return fmt.Errorf("the index lists %s, which has no sha256 digest", printable(string(raw)))
		}
		next := ref
		next.Tag, next.Digest = "", child.Digest
		if err := c.list(next, depth-1); err != nil {
			return fmt.Errorf("%s, which the index lists: %w", child.Digest, err)
		}
	}
	return nil
}

func (c *cargo) listArtifact(ref Ref, got body) error {
	m, err := decodeManifest(got.raw)
	if err == nil && !c.Any {
		if len(c.cfg.Accept) > 0 && !slices.Contains(c.cfg.Accept, m.Layers[0].MediaType) {
			err = fmt.Errorf("its layer is %s, which is no wasmCloud artifact", printable(m.Layers[0].MediaType))
		} else {
			c.artifacts = append(c.artifacts, describe(ref, got.digest, m))
			c.add(m.Config)
			return nil
		}
	}
	if !c.Any {
		return fmt.Errorf("%w; pass --any to copy it with its digests checked and nothing else", err)
	}
	var any manifest
	if err := json.Unmarshal(got.raw, &any); err != nil {
		return err
	}
	for _, b := range append(any.Layers, any.Config) {
		if !isDigest(b.Digest) && b.Digest != "" {
			return fmt.Errorf("the digest %q is not a sha256 digest", printable(b.Digest))
		}
		c.add(b)
	}
	return nil
}

// add notes a blob that goes from registry to registry as it is.
func (c *cargo) add(b blob) {
	if b.Digest != "" && !c.seen[b.Digest] {
		c.seen[b.Digest] = true
		c.blobs = append(c.blobs, remoteSource{c, b})
	}
}

// load fetches the artifacts' layers, once each, and checks them.
func (c *cargo) load() error {
	for _, a := range c.artifacts {
		if c.seen[a.LayerDigest] {
			continue
		}
		c.seen[a.LayerDigest] = true
		path := filepath.Join(c.dir, fmt.Sprint(len(c.blobs)))
		if err := c.fetch(a, path); err != nil {
			return fmt.Errorf("%s is not copied: %w", a.Ref, err)
		}
		c.blobs = append(c.blobs, FileSource(path, a.LayerDigest, a.Size))
	}
	return nil
}

func (c *cargo) fetch(a Pulled, path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	r := c.newLayerReader(c.ctx, c.ref, blob{Digest: a.LayerDigest, Size: a.Size})
	defer r.Close()
	both := io.TeeReader(r, f)
	only, err := c.Check(a, both)
	if err != nil {
		return err
	}
	c.loopbackOnly = c.loopbackOnly || only
	if _, err := io.Copy(io.Discard, both); err != nil { // its digest is known at its end
		return err
	}
	return f.Close()
}

func (c *cargo) outgoing() (all []outgoing) {
	for _, b := range c.blobs {
		all = append(all, outgoing{Source: b, ask: true})
	}
	if p := c.Progress; p != nil && len(all) > 0 {
		all[len(all)-1].progress = p
	}
	return all
}

// remoteSource is a blob of another repository, fetched when it is sent.
type remoteSource struct {
	*cargo
	blob blob
}

func (s remoteSource) Open() (io.ReadCloser, error) {
	return s.newLayerReader(s.ctx, s.cargo.ref, s.blob), nil
}
func (s remoteSource) Size() int64    { return s.blob.Size }
func (s remoteSource) Digest() string { return s.blob.Digest }
