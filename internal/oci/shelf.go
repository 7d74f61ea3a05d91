package oci

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote/auth"
)

// shelf remembers which repositories have which blobs, so that of several pushes by
// one client the first sends a blob and the others have it mounted. Two that want
// the same one at the same time wait for each other.
type shelf struct {
	mu    sync.Mutex
	blobs map[shelfKey]*shelved

	noMounts hosts // asked for a mount, they opened an upload or refused
	pieces   hosts // they take no large blob whole
}

type shelfKey struct {
	host, digest string
	repository   string // of blobs that are sent in less time than a mount takes; else empty
}

type shelved struct {
	turn  chan struct{} // holds one value while nobody has the blob in hand
	repos []string      // read and written by whom has it
}

func newShelf() *shelf { return &shelf{blobs: map[shelfKey]*shelved{}} }

// take waits for one's turn with a blob; call done when it is where it should be.
func (s *shelf) take(ctx context.Context, key shelfKey) (b *shelved, done func(), err error) {
	b = s.at(key)
	select {
	case <-b.turn:
		return b, func() { b.turn <- struct{}{} }, nil
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
}

func (s *shelf) at(key shelfKey) *shelved {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.blobs[key]
	if b == nil {
		b = &shelved{turn: make(chan struct{}, 1)}
		b.turn <- struct{}{}
		s.blobs[key] = b
	}
	return b
}

// put notes that a repository has a blob, unless somebody has it in hand.
func (s *shelf) put(key shelfKey, repository string) {
	b := s.at(key)
	select {
	case <-b.turn:
		if !slices.Contains(b.repos, repository) {
			b.repos = append(b.repos, repository)
		}
		b.turn <- struct{}{}
	default:
	}
}

// forget is for a registry that does not have what it had.
func (s *shelf) forget(host, repository string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, b := range s.blobs {
		if key.host != host {
			continue
		}
		select {
		case <-b.turn: // else somebody is about to send it
			b.repos = slices.DeleteFunc(b.repos, func(r string) bool { return r == repository })
			b.turn <- struct{}{}
		default:
		}
	}
}

func (j *pushJob) shelfKey(s Source) shelfKey {
	key := shelfKey{host: j.call.host, digest: s.Digest()}
	if s.Size() <= wholePost {
		key.repository = j.ref.Repository
	}
	return key
}

// mount asks the registry to take a blob over from another of its repositories. Not
// all do it, and some refuse with a login that may read both: then the blob is sent.
// Docker Hub opens an upload instead, which the specification allows; its location is
// returned.
func (j *pushJob) mount(ctx context.Context, digest, from string) (mounted bool, upload *url.URL, err error) {
	if j.shelf.noMounts.has(j.call.host) {
		return false, nil, nil
	}
	ctx = auth.AppendRepositoryScope(ctx, registry.Reference{Registry: j.ref.Registry, Repository: from}, auth.ActionPull)
	target := j.uploads()
	target.RawQuery = url.Values{"mount": {digest}, "from": {from}}.Encode()
	err = j.retry(ctx, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), http.NoBody)
		if err != nil {
			return err
		}
		resp, err := j.auth.Do(req)
		if err != nil {
			return err
		}
		if code := resp.StatusCode; code >= 400 && code < 500 && code != http.StatusTooManyRequests {
			j.shelf.noMounts.add(j.call.host)
			return resp.Body.Close()
		}
		upload, _, err = j.uploadLocation(resp)
		mounted = err == nil && upload == nil
		return err
	})
	if upload != nil {
		j.shelf.noMounts.add(j.call.host)
	}
	return mounted, upload, err
}
