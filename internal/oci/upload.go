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
	"strconv"
	"sync"
)

// wholePost is the size (bytes) up to which a blob is sent with the POST that
// would otherwise only open an upload: one request instead of two.
const wholePost = 64 << 10

// errSource marks faults of the file that is pushed, which no retry cures.
var errSource = errors.New("reading what is pushed")

// upload sends one blob: POST, then PUT of all bytes to where the registry
// says. In pieces it would be slower, and at least one registry product keeps
// only the last piece, so that is for those that refuse the whole, and for lines
// that break. Each try begins with a new POST, because a broken PUT may have left
// bytes behind in its session. opened, if not nil, is an upload that is open already.
func (j *pushJob) upload(ctx context.Context, s Source, opened *url.URL, progress func(done, total int64)) error {
	m := &meter{total: s.Size(), report: progress}
	tries := 0
	return j.retry(ctx, func(ctx context.Context) error {
		tries++
		if s.Size() > pieceSize && (tries > wholeTries || j.shelf.pieces.has(j.call.host)) {
			return j.uploadPieces(ctx, s, m)
		}
		err := j.uploadWhole(ctx, s, opened, m)
		if opened = nil; !tooLarge(err) || s.Size() <= pieceSize {
			return err
		}
		j.shelf.pieces.add(j.call.host)
		return j.uploadPieces(ctx, s, m)
	})
}

func (j *pushJob) uploadWhole(ctx context.Context, s Source, location *url.URL, m *meter) (err error) {
	if location == nil {
		if location, err = j.openUpload(ctx, s, m); err != nil || location == nil {
			return err
		}
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
}

// uploads is where uploads begin.
func (j *pushJob) uploads() *url.URL {
	u := &url.URL{Scheme: "https", Host: j.call.host, Path: "/v2/" + j.ref.Repository + "/blobs/uploads/"}
	if j.router.plainHTTP(j.call.host) {
		u.Scheme = "http"
	}
	return u
}

// openUpload returns where the bytes go, or nil if the registry has them now.
func (j *pushJob) openUpload(ctx context.Context, s Source, m *meter) (*url.URL, error) {
	if s.Size() <= wholePost {
		req, err := j.blobRequest(ctx, http.MethodPost, j.uploads(), s, m)
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
			location, _, err := j.uploadLocation(resp)
			return location, err
		}
		resp.Body.Close()
	}
	location, _, err := j.emptyUpload(ctx)
	return location, err
}

// emptyUpload opens an upload; atLeast is the size (bytes) that the registry wants
// pieces to have, 0 if it does not care.
func (j *pushJob) emptyUpload(ctx context.Context) (location *url.URL, atLeast int64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, j.uploads().String(), http.NoBody)
	if err != nil {
		return nil, 0, err
	}
	resp, err := j.auth.Do(req)
	if err != nil {
		return nil, 0, err
	}
	return j.uploadLocation(resp)
}

// uploadLocation reads the answer to a POST; location is nil if the registry has the
// blob now.
func (j *pushJob) uploadLocation(resp *http.Response) (location *url.URL, atLeast int64, err error) {
	switch resp.StatusCode {
	case http.StatusCreated:
		return nil, 0, resp.Body.Close()
	case http.StatusAccepted:
	default:
		return nil, 0, answer(resp)
	}
	resp.Body.Close()
	if n, err := strconv.ParseInt(resp.Header.Get("OCI-Chunk-Min-Length"), 10, 64); err == nil {
		atLeast = min(n, maxPiece)
	}
	location, err = j.next(resp)
	return location, atLeast, err
}

// next is where an upload goes on.
func (j *pushJob) next(resp *http.Response) (*url.URL, error) {
	location, err := resp.Location()
	if err != nil {
		return nil, fmt.Errorf("the registry opened an upload and did not say where: %w", err)
	}
	if resp.Request.URL.Scheme == "https" && location.Scheme != "https" {
		return nil, refuse("the registry is spoken to over https and wants the bytes sent over %s to %s: %s", location.Scheme, location.Host, behindTLS)
	}
	// Some registries leave out a port 443 that the user wrote; it is the same place.
	if asked := resp.Request.URL; asked.Port() == "443" && location.Port() == "" && location.Hostname() == asked.Hostname() {
		location.Host = asked.Host
	}
	return location, nil
}

// withDigest adds the parameter that names the blob, and keeps what is there.
func withDigest(location *url.URL, digest string) string {
	u := *location
	q := u.Query()
	q.Set("digest", digest)
	u.RawQuery = q.Encode()
	return u.String()
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
	body, err := openBody(s, m)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, withDigest(to, s.Digest()), body)
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

// reading reads a source once, hashing on the way. The last bytes are held back
// if the whole does not have the expected digest, so a registry that checks
// nothing is not left with a wrong blob under a right name.
type reading struct {
	f      io.ReadCloser
	h      hash.Hash
	left   int64
	digest string
	m      *meter
	gen    int
}

func openBody(s Source, m *meter) (*reading, error) {
	f, err := s.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSource, err)
	}
	return &reading{f: f, h: sha256.New(), left: s.Size(), digest: s.Digest(), m: m, gen: m.restart()}, nil
}

func (b *reading) Read(p []byte) (int, error) {
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

func (b *reading) Close() error { return b.f.Close() }

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
	if b, ok := req.Body.(*reading); ok {
		if own := b.m.failure(); own != nil {
			return own
		}
	}
	return err
}
