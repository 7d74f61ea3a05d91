package oci

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

// blobsAtOnce is how many blobs of one artifact are sent at a time.
const blobsAtOnce = 4

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
	call      *call
	ref       Ref    // with a tag, without a digest
	before    string // the digest that the tag named at first
	blobs     []outgoing
	manifests []body // children before parents, and last the one that is tagged
	digest    string // of the last manifest
}

// outgoing is a blob to be sent.
type outgoing struct {
	Source
	progress func(done, total int64)
	// ask whether it is there first. What is there tells whether the manifest may be;
	// a config is sent in the time that the question would take.
	ask bool
}

// body is a manifest's bytes.
type body struct {
	mediaType, digest string
	raw               []byte
}

func (c *Client) newPush(ref Ref, p Push) (*pushJob, error) {
	job, err := c.newJob(ref, p)
	if err != nil {
		return nil, err
	}
	if p.Layer.Size() <= 0 {
		return nil, fmt.Errorf("there is nothing to push to %s: the layer is empty", ref)
	}
	config := BytesSource(p.config())
	m, err := encodeManifest(
		blob{Digest: config.Digest(), MediaType: p.ConfigType, Size: config.Size()},
		blob{Digest: p.Layer.Digest(), MediaType: p.LayerType, Size: p.Layer.Size()},
		p.Annotations)
	if err != nil {
		return nil, err
	}
	job.blobs = []outgoing{{Source: p.Layer, progress: p.Progress, ask: true}, {Source: config}}
	return job, job.carry(body{mediaTypeManifest, digestOf(m), m})
}

// newJob holds the rules of references, and carries nothing yet.
func (c *Client) newJob(ref Ref, p Push) (*pushJob, error) {
	if err := errors.Join(c.err, ref.check()); err != nil {
		return nil, err
	}
	if ref.Tag == "" && ref.Digest != "" {
		return nil, refuse("%s names a digest and no tag, and nothing can be pushed under a digest alone: give host/name:tag", ref)
	}
	if ref.latest() && !p.AllowLatest && !c.cfg.AllowLatest {
		return nil, refuse("pushing %s with the tag latest is prohibited: hosts refuse it and cannot tell what it was; give a version as tag, or pass --allow-latest", ref)
	}
	return &pushJob{Client: c, Push: p, ref: ref}, nil
}

// carry says what is pushed, which must be what the reference names.
func (j *pushJob) carry(manifests ...body) error {
	j.manifests, j.digest = manifests, manifests[len(manifests)-1].digest
	if j.ref.Digest != "" && j.ref.Digest != j.digest {
		return refuse("%s names another digest than the artifact has, %s: leave the digest out or give that one", j.ref, j.digest)
	}
	if j.ref.Tag == "" {
		j.ref.Tag = "latest"
	}
	j.ref.Digest = ""
	return nil
}

func (j *pushJob) run(ctx context.Context) (Pushed, error) {
	if err := j.look(ctx); err != nil {
		return Pushed{}, err
	}
	if err := j.allowed(); err != nil {
		return Pushed{}, err
	}
	return j.write(ctx)
}

// look asks what the tag names now.
func (j *pushJob) look(ctx context.Context) error {
	d, err := j.resolve(ctx, j.ref, j.ref.Tag)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	j.before = d.Digest
	return err
}

// write makes the tag name the artifact; look and allowed come before it.
func (j *pushJob) write(ctx context.Context) (Pushed, error) {
	out := Pushed{Ref: j.ref.String(), Digest: j.digest}
	if j.before == j.digest {
		out.Status = StatusUnchanged
		return out, nil
	}
	there, err := j.send(ctx)
	if isForgotten(err) {
		// It had them a moment ago. A registry that was started again may have lost
		// what it had not written out.
		j.shelf.forget(j.call.host, j.ref.Repository)
		there, err = j.send(ctx)
	}
	switch {
	case err != nil:
		return Pushed{}, err
	case j.before != "":
		out.Status, out.Previous = StatusMoved, j.before
	case there:
		out.Status = StatusRetagged
	default:
		out.Status = StatusPushed
	}
	return out, nil
}

// send brings the blobs and then the manifests, which make them an artifact.
func (j *pushJob) send(ctx context.Context) (there bool, err error) {
	if there, err = j.sendBlobs(ctx); err != nil {
		return false, err
	}
	for _, m := range j.manifests {
		if err := j.putManifest(ctx, m); err != nil {
			return false, err
		}
	}
	return there, nil
}

// isForgotten tells the answer to a manifest whose blobs are not there.
func isForgotten(err error) bool {
	var answer *errcode.ErrorResponse
	return errors.As(err, &answer) && (hasCode(answer, errcode.ErrorCodeManifestBlobUnknown) || hasCode(answer, errcode.ErrorCodeBlobUnknown))
}

// allowed holds the rules that depend on where the registry turned out to be
// and what it has; so far it was only asked, nothing was sent.
func (j *pushJob) allowed() error {
	if j.call.loopback.Load() {
		return nil
	}
	if j.LoopbackOnly {
		return refuse("it is signed with the development key, which everybody has, and %s is not this machine: sign it with your own key, or pass --allow-dev-key", j.ref.Registry)
	}
	if j.before != "" && j.before != j.digest && !j.Force {
		return refuse("the tag %s names %s there and would be moved to %s, under everybody who uses it: give the artifact a new tag, or pass --force", j.ref.Tag, j.before, j.digest)
	}
	return nil
}

// sendBlobs sends what the repository lacks. there is true if it lacks not
// even the manifest, which then needs only its new tag.
func (j *pushJob) sendBlobs(ctx context.Context) (there bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	there = true
	var mu sync.Mutex
	var wait sync.WaitGroup
	gate := make(chan struct{}, blobsAtOnce)
	for _, b := range j.blobs {
		gate <- struct{}{}
		wait.Go(func() {
			defer func() { <-gate }()
			had, e := j.sendBlob(ctx, b)
			if e != nil {
				cancel(e)
			}
			mu.Lock()
			defer mu.Unlock()
			err, there = cmp.Or(err, e), there && (had || !b.ask)
		})
	}
	wait.Wait()
	if err != nil || !there {
		return false, err
	}
	// Only a repository that has the blobs can have the manifest, so this
	// question costs a first push nothing.
	_, err = j.resolve(ctx, j.ref, j.digest)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// sendBlob brings a blob into the repository by the cheapest way there is; had says
// that it was there.
func (j *pushJob) sendBlob(ctx context.Context, s outgoing) (had bool, err error) {
	b, done, err := j.shelf.take(ctx, j.shelfKey(s))
	if err != nil {
		return false, err
	}
	defer done()
	if slices.Contains(b.repos, j.ref.Repository) {
		return true, nil
	}
	var opened *url.URL
	if len(b.repos) > 0 {
		var mounted bool
		if mounted, opened, err = j.mount(ctx, s.Digest(), b.repos[0]); err != nil {
			return false, err
		}
		if mounted {
			b.repos = append(b.repos, j.ref.Repository)
			return false, nil
		}
	}
	if opened == nil && s.ask {
		if had, err = j.hasBlob(ctx, s); err != nil {
			return false, err
		}
	}
	if !had {
		if err := j.upload(ctx, s, opened, s.progress); err != nil {
			return false, err
		}
	}
	b.repos = append(b.repos, j.ref.Repository)
	return had, nil
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

// putManifest puts the last manifest under the tag, and others under their digests.
func (j *pushJob) putManifest(ctx context.Context, m body) error {
	desc := ocispec.Descriptor{MediaType: m.mediaType, Digest: digest.Digest(m.digest), Size: int64(len(m.raw))}
	name := m.digest
	if m.digest == j.digest {
		name = j.ref.Tag
	}
	return j.retry(ctx, func(ctx context.Context) error {
		return j.repository(j.ref).Manifests().PushReference(ctx, desc, bytes.NewReader(m.raw), name)
	})
}
