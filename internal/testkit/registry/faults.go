package registry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
)

// Fault makes the registry misbehave for requests that it matches.
type Fault struct {
	Method string // "" matches any
	Path   string // a part of the path; "" matches any
	Times  int    // how often; 0 means always
	Serve  Serve

	used int
}

// Inject adds a fault. The first that matches a request is the one that acts.
func (r *Registry) Inject(f Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, &f)
}

// ClearFaults makes the registry behave again.
func (r *Registry) ClearFaults() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = nil
}

func (r *Registry) takeFault(req *http.Request) *Fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.faults {
		if f.Method != "" && f.Method != req.Method || !strings.Contains(req.URL.Path, f.Path) || f.Times > 0 && f.used >= f.Times {
			continue
		}
		f.used++
		return f
	}
	return nil
}

// Serve answers a request, with next as the way to the right answer.
type Serve = func(w http.ResponseWriter, req *http.Request, next http.Handler)

// Answer replies with a status, and Retry-After if not empty.
func Answer(status int, retryAfter string) Serve {
	return func(w http.ResponseWriter, req *http.Request, _ http.Handler) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		fail(w, status, "TOOMANYREQUESTS", "told to fail")
	}
}

// DropRequest reads n bytes of the request's body, lets next have them as if
// they were all if keep, and breaks the connection.
func DropRequest(n int64, keep bool) Serve {
	return func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		head, _ := io.ReadAll(io.LimitReader(req.Body, n))
		if keep {
			cut := req.Clone(req.Context())
			cut.Body = io.NopCloser(io.MultiReader(bytes.NewReader(head), brokenReader{}))
			next.ServeHTTP(httptest.NewRecorder(), cut)
		}
		panic(http.ErrAbortHandler)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// DropResponse sends the headers and n bytes of the right answer and breaks
// the connection.
func DropResponse(n int) Serve {
	return func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		full := record(req, next)
		copyHeader(w, full)
		w.WriteHeader(full.Code)
		w.Write(full.Body.Bytes()[:min(n, full.Body.Len())])
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// Replace sends other bytes than the right ones, under the same headers
// except the length.
func Replace(change func(body []byte) []byte) Serve {
	return func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		full := record(req, next)
		body := change(full.Body.Bytes())
		copyHeader(w, full)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(full.Code)
		w.Write(body)
	}
}

// Flip changes the first byte: the length stays right, the digest doesn't.
func Flip(body []byte) []byte {
	out := bytes.Clone(body)
	if len(out) > 0 {
		out[0] ^= 0xff
	}
	return out
}

// Header sends the right answer with one header changed.
func Header(key, value string) Serve {
	return func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		full := record(req, next)
		copyHeader(w, full)
		w.Header().Set(key, value)
		w.WriteHeader(full.Code)
		w.Write(full.Body.Bytes())
	}
}

// Relocate makes the Location of the right answer one on base ("http://host").
func Relocate(base string) Serve {
	return func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		full := record(req, next)
		copyHeader(w, full)
		if u, err := url.Parse(full.Header().Get("Location")); err == nil {
			w.Header().Set("Location", base+u.RequestURI())
		}
		w.WriteHeader(full.Code)
		w.Write(full.Body.Bytes())
	}
}

// Redirect answers 307 to the same path on base.
func Redirect(base string) Serve {
	return func(w http.ResponseWriter, req *http.Request, _ http.Handler) {
		http.Redirect(w, req, base+req.URL.RequestURI(), http.StatusTemporaryRedirect)
	}
}

// Stall answers nothing until the client goes away or until is closed.
func Stall(until <-chan struct{}) Serve {
	return func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		select {
		case <-until:
			next.ServeHTTP(w, req)
		case <-req.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}
}

func record(req *http.Request, next http.Handler) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	next.ServeHTTP(rec, req)
	return rec
}

func copyHeader(w http.ResponseWriter, from *httptest.ResponseRecorder) {
	for key, values := range from.Header() {
		w.Header()[key] = values
	}
}

// RoundTrip implements http.RoundTripper: the registry without a network. A
// dropped connection shows as io.ErrUnexpectedEOF.
func (r *Registry) RoundTrip(req *http.Request) (*http.Response, error) { return roundTrip(r, req) }

func roundTrip(h http.Handler, req *http.Request) (resp *http.Response, err error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	in := req.Clone(req.Context())
	in.Host, in.RequestURI = req.URL.Host, req.URL.RequestURI()
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer in.Body.Close()
	rec := httptest.NewRecorder()
	if dropped := serveRecovering(h, rec, in); dropped && !rec.Flushed {
		return nil, fmt.Errorf("connection dropped: %w", io.ErrUnexpectedEOF)
	} else if dropped {
		resp = rec.Result()
		resp.Body = io.NopCloser(io.MultiReader(resp.Body, brokenReader{}))
	} else {
		resp = rec.Result()
	}
	resp.Request = req
	return resp, nil
}

func serveRecovering(h http.Handler, w http.ResponseWriter, req *http.Request) (dropped bool) {
	defer func() {
		if v := recover(); v == http.ErrAbortHandler {
			dropped = true
		} else if v != nil {
			panic(v)
		}
	}()
	h.ServeHTTP(w, req)
	return false
}

// Forget loses the blobs and manifests of a repository.
func (r *Registry) Forget(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.repos, name)
}

// LoseBlobs loses the blobs that no manifest leads to, as a registry does that is killed
// before it has written them out.
func (r *Registry) LoseBlobs() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, repo := range r.repos {
		used := map[string]bool{}
		for _, s := range repo.manifests {
			var m manifest
			if json.Unmarshal(s.body, &m) == nil {
				for _, d := range m.blobs() {
					used[d.Digest] = true
				}
			}
		}
		maps.DeleteFunc(repo.blobs, func(digest string, _ []byte) bool { return !used[digest] })
	}
}
