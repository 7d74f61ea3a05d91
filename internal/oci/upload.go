package oci

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"sync"
)

// wholePost is the size (bytes) up to which a blob is sent with the POST that
// would otherwise only open an upload: one request instead of two.
const wholePost = 64 << 10

// errSource marks faults of the file that is pushed, which no retry cures.
var errSource = errors.New("reading what is pushed")

// upload sends one blob: POST, then PUT of all bytes to where the registry
// says. In pieces it would be slower, and at least one registry product keeps
// only the last piece. Each try begins with a new POST, because a broken PUT
// may have left bytes behind in its session.
func (j *pushJob) upload(ctx context.Context, s Source, progress func(done, total int64)) error {
	m := &meter{total: s.Size(), report: progress}
	return j.retry(ctx, func(ctx context.Context) error {
		location, err := j.openUpload(ctx, s, m)
		if err != nil || location == nil {
			return err
		}
		req, err := j.blobRequest(ctx, http.MethodPut, location, s, m)
		if err != nil {
			return err
		}
		resp, err := j.doerFor(location).Do(req)
		if err != nil {
			return bodyError(req, err)
		}
		if resp.StatusCode != http.StatusCreated {
			return bodyError(req, answer(resp))
		}
		return resp.Body.Close()
	})
}

// openUpload returns where the bytes go, or nil if the registry has them now.
func (j *pushJob) openUpload(ctx context.Context, s Source, m *meter) (*url.URL, error) {
	target := &url.URL{Scheme: "https", Host: j.call.host, Path: "/v2/" + j.ref.Repository + "/blobs/uploads/"}
	if j.router.plainHTTP(j.call.host) {
		target.Scheme = "http"
	}
	if s.Size() <= wholePost {
		req, err := j.blobRequest(ctx, http.MethodPost, target, s, m)
		if err != nil {
			return nil, err
		}
		resp, err := j.auth.Do(req)
		if err != nil {
			return nil, bodyError(req, err)
		}
		// 202 means: taken as a mere opening. Other refusals may be of the
		// form alone, so the two-step way is tried before giving up.
		if code := resp.StatusCode; code < 400 || code >= 500 || code == http.StatusTooManyRequests || code == http.StatusUnauthorized || code == http.StatusForbidden {
			return uploadLocation(resp)
		}
		resp.Body.Close()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := j.auth.Do(req)
	if err != nil {
		return nil, err
	}
	return uploadLocation(resp)
}

func uploadLocation(resp *http.Response) (*url.URL, error) {
	switch resp.StatusCode {
	case http.StatusCreated:
		return nil, resp.Body.Close()
	case http.StatusAccepted:
	default:
		return nil, answer(resp)
	}
	resp.Body.Close()
	location, err := resp.Location()
	if err != nil {
		return nil, fmt.Errorf("the registry opened an upload and did not say where: %w", err)
	}
	if resp.Request.URL.Scheme == "https" && location.Scheme != "https" {
		return nil, refuse("the registry is spoken to over https and wants the bytes sent over %s to %s", location.Scheme, location.Host)
	}
	// Some registries leave out a port 443 that the user wrote; it is the same place.
	if asked := resp.Request.URL; asked.Port() == "443" && location.Port() == "" && location.Hostname() == asked.Hostname() {
		location.Host = asked.Host
	}
	return location, nil
}

type doer interface {
	Do(*http.Request) (*http.Response, error)
}

// doerFor gives the client for an upload location: the registry's own host
// gets the credentials, a storage on another host the bytes alone.
func (j *pushJob) doerFor(location *url.URL) doer {
	if location.Host == j.call.host {
		return j.auth
	}
	return j.auth.Client
}

func (j *pushJob) blobRequest(ctx context.Context, method string, to *url.URL, s Source, m *meter) (*http.Request, error) {
	u := *to
	q := u.Query()
	q.Set("digest", s.Digest())
	u.RawQuery = q.Encode()
	body, err := openBody(s, m)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		body.Close()
		return nil, err
	}
	// Redirects, connections that die idle and expired tokens make net/http
	// and oras send the body again.
	req.GetBody = func() (io.ReadCloser, error) {
		b, err := openBody(s, m)
		if err != nil {
			return nil, err
		}
		return b, nil
	}
	req.ContentLength = s.Size()
	req.Header.Set("Content-Type", "application/octet-stream")
	return req, nil
}

// body reads a source once, hashing on the way. The last bytes are held back
// if the whole does not have the expected digest, so a registry that checks
// nothing is not left with a wrong blob under a right name.
type body struct {
	f      io.ReadSeekCloser
	h      hash.Hash
	left   int64
	digest string
	m      *meter
	gen    int
}

func openBody(s Source, m *meter) (*body, error) {
	f, err := s.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSource, err)
	}
	return &body{f: f, h: sha256.New(), left: s.Size(), digest: s.Digest(), m: m, gen: m.restart()}, nil
}

func (b *body) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	n, err := b.f.Read(p[:min(int64(len(p)), b.left)])
	b.h.Write(p[:n])
	b.left -= int64(n)
	switch {
	case b.left == 0 && "sha256:"+hex.EncodeToString(b.h.Sum(nil)) != b.digest:
		return 0, b.m.fail(fmt.Errorf("%w: the file changed while it was being pushed", errSource))
	case b.left > 0 && errors.Is(err, io.EOF):
		return n, b.m.fail(fmt.Errorf("%w: the file became shorter while it was being pushed", errSource))
	case err != nil && !errors.Is(err, io.EOF):
		return n, b.m.fail(fmt.Errorf("%w: %w", errSource, err))
	}
	b.m.add(b.gen, n)
	return n, nil
}

func (b *body) Close() error { return b.f.Close() }

// meter counts what was sent over several tries, and keeps the source's own
// error, which net/http does not always pass on.
type meter struct {
	mu     sync.Mutex
	total  int64
	done   int64
	gen    int
	err    error
	report func(done, total int64)
}

// restart begins a new count; bodies of earlier tries count no more.
func (m *meter) restart() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gen++
	m.done = 0
	return m.gen
}

func (m *meter) add(gen, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if gen != m.gen {
		return
	}
	m.done += int64(n)
	if m.report != nil {
		m.report(m.done, m.total)
	}
}

func (m *meter) fail(err error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
	return err
}

func (m *meter) failure() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}

// bodyError prefers the source's own fault to what the connection made of it.
func bodyError(req *http.Request, err error) error {
	if b, ok := req.Body.(*body); ok {
		if own := b.m.failure(); own != nil {
			return own
		}
	}
	return err
}
