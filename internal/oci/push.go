package oci

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote/auth"
)

// Push sends one artifact. The tag appears only when everything it leads to is
// there. An artifact that the tag names already costs a single request.
func (c *Client) Push(ctx context.Context, ref Ref, p Push) (Pushed, error) {
	job, err := c.newPush(ref, p)
	if err != nil {
		return Pushed{}, err
	}
	ctx, job.call = c.begin(ctx, job.ref, auth.ActionPull, auth.ActionPush)
	out, err := job.run(ctx)
	if err != nil {
		return Pushed{}, fmt.Errorf("pushing %s: %w", job.ref, err)
	}
	return out, nil
}

// pushJob is a push that passed the rules which need no registry.
type pushJob struct {
	*Client
	Push
	call     *call
	ref      Ref // with a tag, without a digest
	manifest []byte
	digest   string // of the manifest
}

func (c *Client) newPush(ref Ref, p Push) (*pushJob, error) {
	if err := errors.Join(c.err, ref.check()); err != nil {
		return nil, err
	}
	if ref.Tag == "" && ref.Digest != "" {
		return nil, refuse("%s names a digest and no tag, and nothing can be pushed under a digest alone: give host/name:tag", ref)
	}
	if ref.latest() && !p.AllowLatest && !c.cfg.AllowLatest {
		return nil, refuse("pushing %s with the tag latest is prohibited: hosts refuse it and cannot tell what it was; give a version as tag, or pass --allow-latest", ref)
	}
	if p.Layer.Size() <= 0 {
		return nil, fmt.Errorf("there is nothing to push to %s: the layer is empty", ref)
	}
	if p.Config == nil {
		p.Config = []byte("{}")
	}
	m, err := encodeManifest(
		blob{Digest: digestOf(p.Config), MediaType: p.ConfigType, Size: int64(len(p.Config))},
		blob{Digest: p.Layer.Digest(), MediaType: p.LayerType, Size: p.Layer.Size()},
		p.Annotations)
	if err != nil {
		return nil, err
	}
	job := &pushJob{Client: c, Push: p, ref: ref, manifest: m, digest: digestOf(m)}
	if ref.Digest != "" && ref.Digest != job.digest {
		return nil, refuse("%s names another digest than the artifact has, %s: leave the digest out or give that one", ref, job.digest)
	}
	job.ref.Tag, job.ref.Digest = ref.target(), ""
	if ref.Digest != "" {
		job.ref.Tag = ref.Tag
	}
	return job, nil
}

func (j *pushJob) run(ctx context.Context) (Pushed, error) {
	out := Pushed{Ref: j.ref.String(), Digest: j.digest, Status: StatusPushed}
	before, err := j.resolve(ctx, j.ref, j.ref.Tag)
	switch {
	case errors.Is(err, ErrNotFound):
	case err != nil:
		return Pushed{}, err
	default:
		out.Status, out.Previous = StatusMoved, before.Digest
	}
	if err := j.allowed(out.Previous); err != nil {
		return Pushed{}, err
	}
	if out.Previous == j.digest {
		out.Status, out.Previous = StatusUnchanged, ""
		return out, nil
	}
	there, err := j.sendBlobs(ctx)
	if err != nil {
		return Pushed{}, err
	}
	if err := j.putManifest(ctx); err != nil {
		return Pushed{}, err
	}
	if there && out.Status == StatusPushed {
		out.Status = StatusRetagged
	}
	return out, nil
}

// allowed holds the rules that depend on where the registry turned out to be
// and what it has; so far it was only asked, nothing was sent.
func (j *pushJob) allowed(before string) error {
	if j.call.loopback.Load() {
		return nil
	}
	if j.LoopbackOnly {
		return refuse("it is signed with the development key, which everybody has, and %s is not this machine: sign it with your own key, or pass --allow-dev-key", j.ref.Registry)
	}
	if before != "" && before != j.digest && !j.Force {
		return refuse("the tag %s names %s there and would be moved to %s, under everybody who uses it: give the artifact a new tag, or pass --force", j.ref.Tag, before, j.digest)
	}
	return nil
}

// sendBlobs sends what the repository lacks. there is true if it lacks not
// even the manifest, which then needs only its new tag.
func (j *pushJob) sendBlobs(ctx context.Context) (there bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	config := make(chan error, 1)
	go func() {
		err := j.upload(ctx, BytesSource(j.Config), nil)
		if err != nil {
			cancel(err)
		}
		config <- err
	}()
	there, err = j.sendLayer(ctx)
	if err != nil {
		cancel(err)
	}
	return there, cmp.Or(err, <-config)
}

func (j *pushJob) sendLayer(ctx context.Context) (there bool, err error) {
	has, err := j.hasBlob(ctx, j.Layer)
	if err != nil {
		return false, err
	}
	if !has {
		return false, j.upload(ctx, j.Layer, j.Progress)
	}
	// Only a repository that has the layer can have the manifest, so this
	// question costs a first push nothing.
	_, err = j.resolve(ctx, j.ref, j.digest)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (j *pushJob) hasBlob(ctx context.Context, s Source) (has bool, err error) {
	err = j.retry(ctx, func(ctx context.Context) error {
		_, err := j.repository(j.ref).Blobs().Resolve(ctx, s.Digest())
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (j *pushJob) putManifest(ctx context.Context) error {
	desc := ocispec.Descriptor{
		MediaType: mediaTypeManifest,
		Digest:    digest.Digest(j.digest),
		Size:      int64(len(j.manifest)),
	}
	return j.retry(ctx, func(ctx context.Context) error {
		return j.repository(j.ref).Manifests().PushReference(ctx, desc, bytes.NewReader(j.manifest), j.ref.Tag)
	})
}
