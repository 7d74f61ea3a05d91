package registry

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

type upload struct {
	repo   string
	data   []byte
	last   []byte // the piece that came last
	pieces int
}

// state changes with every piece, as Azure's does.
func (u *upload) state() string { return fmt.Sprint("s", u.pieces) }

func (r *Registry) blob(w http.ResponseWriter, req *http.Request, name, digest string) {
	if !digestForm.MatchString(digest) {
		fail(w, http.StatusBadRequest, "DIGEST_INVALID", "not a sha256 digest")
		return
	}
	r.mu.Lock()
	data, ok := r.repo(name, false).blobs[digest]
	r.mu.Unlock()
	switch req.Method {
	case http.MethodGet, http.MethodHead:
		if !ok {
			fail(w, http.StatusNotFound, "BLOB_UNKNOWN", "blob unknown to registry")
			return
		}
		if r.opts.BlobsAt != "" && req.Method == http.MethodGet {
			r.redirectToStorage(w, req, name, digest)
			return
		}
		r.serveBlob(w, req, digest, data)
	case http.MethodDelete:
		if !ok {
			fail(w, http.StatusNotFound, "BLOB_UNKNOWN", "blob unknown to registry")
			return
		}
		r.mu.Lock()
		delete(r.repo(name, false).blobs, digest)
		r.mu.Unlock()
		w.WriteHeader(http.StatusAccepted)
	default:
		methodNotAllowed(w, "GET", "HEAD", "DELETE")
	}
}

func (r *Registry) serveBlob(w http.ResponseWriter, req *http.Request, digest string, data []byte) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Docker-Content-Digest", digest)
	if r.opts.NoRanges {
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		if req.Method == http.MethodGet {
			w.Write(data)
		}
		return
	}
	http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(data))
}

// upload serves the whole life of an upload: open (or mount, or take whole),
// status, pieces in order, end, cancel.
func (r *Registry) upload(w http.ResponseWriter, req *http.Request, name, id string) {
	if id == "" {
		r.openUpload(w, req, name)
		return
	}
	r.mu.Lock()
	up, ok := r.uploads[id]
	r.mu.Unlock()
	if !ok || up.repo != name {
		fail(w, http.StatusNotFound, "BLOB_UPLOAD_UNKNOWN", "upload unknown to registry")
		return
	}
	if r.opts.StatefulUploads && req.URL.Query().Get("_state") != up.state() {
		fail(w, http.StatusNotFound, "BLOB_UPLOAD_INVALID", "the upload's state is wrong")
		return
	}
	if most := r.opts.MaxBody; most > 0 && req.ContentLength > most {
		fail(w, http.StatusRequestedRangeNotSatisfiable, "REQUESTED_RANGE_NOT_SATISFIABLE",
			fmt.Sprintf("the request body is too large and exceeds the maximum permissible limit of %.2fMiB", float64(most)/(1<<20)))
		return
	}
	switch req.Method {
	case http.MethodGet:
		r.describeUpload(w, name, id, up, http.StatusNoContent)
	case http.MethodDelete:
		r.endUpload(id)
		w.WriteHeader(http.StatusNoContent)
	case http.MethodPatch:
		if r.receive(w, req, up) {
			r.describeUpload(w, name, id, up, http.StatusAccepted)
		}
	case http.MethodPut:
		if r.receive(w, req, up) {
			r.endUpload(id)
			r.end(w, name, req.URL.Query().Get("digest"), up)
		}
	default:
		methodNotAllowed(w, "GET", "PATCH", "PUT", "DELETE")
	}
}

func (r *Registry) openUpload(w http.ResponseWriter, req *http.Request, name string) {
	if req.Method != http.MethodPost {
		methodNotAllowed(w, "POST")
		return
	}
	q := req.URL.Query()
	if q.Has("mount") && !r.opts.NoMounts {
		if r.opts.Bearer {
			scope := "repository:" + q.Get("from") + ":pull"
			if known, ok := r.grants(req, scope); !ok {
				r.challenge(w, req, scope, known)
				return
			}
		}
		if r.mount(name, q.Get("mount"), q.Get("from")) {
			created(w, name, "blobs", q.Get("mount"))
			return
		}
	}
	if digest := q.Get("digest"); digest != "" && !r.opts.TwoStepUploads {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			fail(w, http.StatusBadRequest, "BLOB_UPLOAD_INVALID", err.Error())
			return
		}
		r.commit(w, name, digest, body)
		return
	}
	io.Copy(io.Discard, req.Body)
	r.mu.Lock()
	r.next++
	id := "upload-" + strconv.Itoa(r.next)
	up := &upload{repo: name}
	r.uploads[id] = up
	r.mu.Unlock()
	r.describeUpload(w, name, id, up, http.StatusAccepted)
}

func (r *Registry) mount(name, digest, from string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	data, ok := r.repo(from, false).blobs[digest]
	if ok {
		r.repo(name, true).blobs[digest] = data
	}
	return ok
}

// receive appends the request's body, which must begin where the last ended.
// A body that breaks off leaves what came, as distribution does.
func (r *Registry) receive(w http.ResponseWriter, req *http.Request, up *upload) bool {
	r.mu.Lock()
	have := len(up.data)
	r.mu.Unlock()
	if rng := req.Header.Get("Content-Range"); rng != "" {
		if first, _, _ := strings.Cut(strings.TrimPrefix(rng, "bytes="), "-"); first != strconv.Itoa(have) {
			fail(w, http.StatusRequestedRangeNotSatisfiable, "RANGE_INVALID", fmt.Sprintf("have %d bytes, got %s", have, rng))
			return false
		}
	}
	body, err := io.ReadAll(req.Body)
	r.mu.Lock()
	up.data = append(up.data, body...)
	if len(body) > 0 {
		up.last = body
		up.pieces++
	}
	r.mu.Unlock()
	if err != nil {
		fail(w, http.StatusBadRequest, "BLOB_UPLOAD_INVALID", err.Error())
		return false
	}
	return true
}

func (r *Registry) describeUpload(w http.ResponseWriter, name, id string, up *upload, status int) {
	r.mu.Lock()
	last := max(0, len(up.data)-1)
	r.mu.Unlock()
	location := "/v2/" + name + "/blobs/uploads/" + id
	if r.opts.StatefulUploads {
		location += "?_nouploadcache=false&_state=" + up.state()
	}
	w.Header().Set("Location", location)
	w.Header().Set("Docker-Upload-UUID", id)
	w.Header().Set("Range", fmt.Sprintf("0-%d", last))
	w.WriteHeader(status)
}

func (r *Registry) endUpload(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.uploads, id)
}

// end makes a blob of an upload.
func (r *Registry) end(w http.ResponseWriter, name, digest string, up *upload) {
	if !r.opts.LastPieceOnly || up.pieces < 2 {
		r.commit(w, name, digest, up.data)
		return
	}
	r.mu.Lock()
	r.repo(name, true).blobs[digest] = up.last
	r.mu.Unlock()
	created(w, name, "blobs", digest)
}

func (r *Registry) commit(w http.ResponseWriter, name, digest string, data []byte) {
	if !digestForm.MatchString(digest) || Digest(data) != digest {
		fail(w, http.StatusBadRequest, "DIGEST_INVALID", fmt.Sprintf("%d bytes have %s, not %s", len(data), Digest(data), digest))
		return
	}
	r.mu.Lock()
	r.repo(name, true).blobs[digest] = data
	r.mu.Unlock()
	created(w, name, "blobs", digest)
}

func created(w http.ResponseWriter, name, kind, digest string) {
	w.Header().Set("Location", "/v2/"+name+"/"+kind+"/"+digest)
	w.Header().Set("Docker-Content-Digest", digest)
	w.WriteHeader(http.StatusCreated)
}
