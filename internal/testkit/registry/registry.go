// Package registry is a strict OCI registry in memory, for tests: it refuses
// what real registries refuse, counts what it is asked, and misbehaves when
// told to. It is written from the OCI distribution specification rather than
// shared with our client, so that the two don't share mistakes.
package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Registry is the server. It is an http.Handler, and an http.RoundTripper for
// clients in the same process.
type Registry struct {
	opts Options

	mu      sync.Mutex
	repos   map[string]*repo
	uploads map[string]*upload
	tokens  map[string]*token
	next    int
	pulls   int
	log     []Request
	faults  []*Fault
}

type repo struct {
	blobs     map[string][]byte
	manifests map[string]stored
	tags      map[string]string
}

type stored struct {
	mediaType string
	body      []byte
}

// Request is one line of the log.
type Request struct {
	Method, Path, Query, Host string
	Authorization             string
	Range                     string
	Status                    int
}

// New makes an empty registry.
func New(opts Options) *Registry {
	return &Registry{opts: opts, repos: map[string]*repo{}, uploads: map[string]*upload{}, tokens: map[string]*token{}}
}

var (
	nameForm   = regexp.MustCompile(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)
	tagForm    = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)
	digestForm = regexp.MustCompile(`^sha256:[a-f0-9]{64}$`)
	routeForm  = regexp.MustCompile(`^/v2/(.+)/(manifests|blobs/uploads|blobs|tags|referrers)/([^/]*)$`)
)

// ServeHTTP implements http.Handler.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	rec := &recorder{ResponseWriter: w, status: http.StatusOK}
	index := r.enter(req)
	defer func() { r.leave(index, rec.status) }()
	if f := r.takeFault(req); f != nil {
		f.Serve(rec, req, http.HandlerFunc(r.serve))
		return
	}
	r.serve(rec, req)
}

func (r *Registry) serve(w http.ResponseWriter, req *http.Request) {
	if req.URL.Path == r.tokenPath() {
		r.token(w, req)
		return
	}
	route := routeForm.FindStringSubmatch(req.URL.Path)
	scope := ""
	if route != nil {
		scope = "repository:" + route[1] + ":pull"
		if req.Method != http.MethodGet && req.Method != http.MethodHead {
			scope = "repository:" + route[1] + ":push"
		}
	}
	if !r.authorized(w, req, scope) || route != nil && r.forbidden(w, req, route[1]) {
		return
	}
	switch {
	case req.URL.Path == "/v2/" || req.URL.Path == "/v2":
		w.Write([]byte("{}"))
	case req.URL.Path == "/v2/_catalog":
		r.catalog(w, req)
	case route == nil:
		fail(w, http.StatusNotFound, "UNSUPPORTED", "no such endpoint: "+req.URL.Path)
	case !nameForm.MatchString(route[1]):
		fail(w, http.StatusBadRequest, "NAME_INVALID", "invalid repository name")
	default:
		r.dispatch(w, req, route[1], route[2], route[3])
	}
}

func (r *Registry) dispatch(w http.ResponseWriter, req *http.Request, name, kind, last string) {
	switch kind {
	case "manifests":
		r.manifest(w, req, name, last)
	case "blobs":
		r.blob(w, req, name, last)
	case "blobs/uploads":
		r.upload(w, req, name, last)
	case "tags":
		r.tagList(w, req, name)
	case "referrers":
		r.referrers(w, req, name, last)
	}
}

// repo returns the repository, made if create; the caller holds r.mu.
func (r *Registry) repo(name string, create bool) *repo {
	if r.repos[name] == nil {
		if !create {
			return &repo{}
		}
		r.repos[name] = &repo{blobs: map[string][]byte{}, manifests: map[string]stored{}, tags: map[string]string{}}
	}
	return r.repos[name]
}

// Requests returns the log so far.
func (r *Registry) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.log)
}

// Lines returns the log as "METHOD /path STATUS", for comparing in tests.
func (r *Registry) Lines() []string {
	var lines []string
	for _, q := range r.Requests() {
		lines = append(lines, fmt.Sprintf("%s %s %d", q.Method, q.Path, q.Status))
	}
	return lines
}

// ResetLog forgets the requests so far.
func (r *Registry) ResetLog() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = nil
}

// Tag returns the digest that a tag names, "" if none.
func (r *Registry) Tag(name, tag string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.repo(name, false).tags[tag]
}

// Manifest returns the bytes of a manifest, nil if there is none.
func (r *Registry) Manifest(name, digest string) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.repo(name, false).manifests[digest].body
}

// Blob returns the bytes of a blob, nil if there is none.
func (r *Registry) Blob(name, digest string) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.repo(name, false).blobs[digest]
}

// Put stores a blob and returns its digest, past the protocol.
func (r *Registry) Put(name string, blob []byte) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	d := Digest(blob)
	r.repo(name, true).blobs[d] = blob
	return d
}

// PutManifest stores a manifest under a tag, past all checks.
func (r *Registry) PutManifest(name, tag, mediaType string, body []byte) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	d := Digest(body)
	r.repo(name, true).manifests[d] = stored{mediaType, body}
	r.repo(name, true).tags[tag] = d
	return d
}

// Digest is "sha256:…" of b.
func Digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func (r *Registry) enter(req *http.Request) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = append(r.log, Request{
		Method: req.Method, Path: req.URL.Path, Query: req.URL.RawQuery, Host: req.Host,
		Authorization: req.Header.Get("Authorization"), Range: req.Header.Get("Range"),
	})
	return len(r.log) - 1
}

func (r *Registry) leave(index, status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if index < len(r.log) {
		r.log[index].Status = status
	}
}

// recorder keeps the status for the log.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController find the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func fail(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"errors": []map[string]string{{"code": code, "message": message}}})
}

func methodNotAllowed(w http.ResponseWriter, allow ...string) {
	w.Header().Set("Allow", strings.Join(allow, ", "))
	fail(w, http.StatusMethodNotAllowed, "UNSUPPORTED", "method not allowed")
}
