package registry

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

type descriptor struct {
	MediaType    string            `json:"mediaType"`
	Digest       string            `json:"digest"`
	Size         int64             `json:"size"`
	ArtifactType string            `json:"artifactType,omitempty"`
	Annotations  map[string]string `json:"annotations,omitempty"`
}

type manifest struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	ArtifactType  string            `json:"artifactType"`
	Config        *descriptor       `json:"config"`
	Layers        []descriptor      `json:"layers"`
	Manifests     []descriptor      `json:"manifests"`
	Subject       *descriptor       `json:"subject"`
	Annotations   map[string]string `json:"annotations"`
}

func (r *Registry) manifest(w http.ResponseWriter, req *http.Request, name, ref string) {
	if !digestForm.MatchString(ref) && !tagForm.MatchString(ref) {
		fail(w, http.StatusBadRequest, "MANIFEST_INVALID", "neither tag nor digest")
		return
	}
	switch req.Method {
	case http.MethodGet, http.MethodHead:
		r.getManifest(w, req, name, ref)
	case http.MethodPut:
		r.putManifest(w, req, name, ref)
	case http.MethodDelete:
		r.deleteManifest(w, name, ref)
	default:
		methodNotAllowed(w, "GET", "HEAD", "PUT", "DELETE")
	}
}

func (r *Registry) getManifest(w http.ResponseWriter, req *http.Request, name, ref string) {
	r.mu.Lock()
	repo := r.repo(name, false)
	digest := ref
	if d, ok := repo.tags[ref]; ok {
		digest = d
	}
	m, ok := repo.manifests[digest]
	r.mu.Unlock()
	if !ok {
		fail(w, http.StatusNotFound, "MANIFEST_UNKNOWN", "manifest unknown")
		return
	}
	if req.Method == http.MethodGet && r.limited(w) {
		return
	}
	w.Header().Set("Content-Type", m.mediaType)
	w.Header().Set("Docker-Content-Digest", digest)
	w.Header().Set("Content-Length", strconv.Itoa(len(m.body)))
	if req.Method == http.MethodGet {
		w.Write(m.body)
	}
}

func (r *Registry) putManifest(w http.ResponseWriter, req *http.Request, name, ref string) {
	body, err := io.ReadAll(io.LimitReader(req.Body, 4<<20+1))
	if err != nil || len(body) > 4<<20 {
		fail(w, http.StatusRequestEntityTooLarge, "MANIFEST_INVALID", "manifest too large or cut off")
		return
	}
	digest, mediaType := Digest(body), req.Header.Get("Content-Type")
	if digestForm.MatchString(ref) && ref != digest {
		fail(w, http.StatusBadRequest, "DIGEST_INVALID", "content has "+digest)
		return
	}
	var m manifest
	if err := json.Unmarshal(body, &m); err != nil {
		fail(w, http.StatusBadRequest, "MANIFEST_INVALID", err.Error())
		return
	}
	if m.SchemaVersion != 2 || m.MediaType != "" && m.MediaType != mediaType {
		fail(w, http.StatusBadRequest, "MANIFEST_INVALID", fmt.Sprintf("schemaVersion %d, mediaType %q sent as %q", m.SchemaVersion, m.MediaType, mediaType))
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	repo := r.repo(name, true)
	if missing := repo.missing(&m, !r.opts.LastPieceOnly); missing != "" {
		fail(w, http.StatusNotFound, "MANIFEST_BLOB_UNKNOWN", missing)
		return
	}
	if before := repo.tags[ref]; r.opts.ImmutableTags != 0 && before != "" && before != digest {
		fail(w, r.opts.ImmutableTags, "TAG_INVALID", "The image tag '"+ref+"' already exists in the '"+name+"' repository and cannot be overwritten because the repository is immutable.")
		return
	}
	repo.manifests[digest] = stored{mediaType, body}
	if !digestForm.MatchString(ref) {
		repo.tags[ref] = digest
	}
	if m.Subject != nil {
		w.Header().Set("OCI-Subject", m.Subject.Digest)
	}
	created(w, name, "manifests", digest)
}

func (m *manifest) blobs() []descriptor {
	all := slices.Clone(m.Layers)
	if m.Config != nil {
		all = append(all, *m.Config)
	}
	return all
}

// missing names a blob or manifest that m needs and the repository lacks or
// has in another size.
func (p *repo) missing(m *manifest, checkSizes bool) string {
	for _, d := range m.blobs() {
		if data, ok := p.blobs[d.Digest]; !ok || checkSizes && int64(len(data)) != d.Size {
			return fmt.Sprintf("%s of %d bytes", d.Digest, d.Size)
		}
	}
	for _, d := range m.Manifests {
		if _, ok := p.manifests[d.Digest]; !ok {
			return d.Digest
		}
	}
	return ""
}

// deleteManifest removes a tag, or a digest with every tag that names it.
func (r *Registry) deleteManifest(w http.ResponseWriter, name, ref string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	repo := r.repo(name, false)
	if _, ok := repo.tags[ref]; ok {
		delete(repo.tags, ref)
		w.WriteHeader(http.StatusAccepted)
		return
	}
	if _, ok := repo.manifests[ref]; !ok {
		fail(w, http.StatusNotFound, "MANIFEST_UNKNOWN", "manifest unknown")
		return
	}
	delete(repo.manifests, ref)
	maps.DeleteFunc(repo.tags, func(_, digest string) bool { return digest == ref })
	w.WriteHeader(http.StatusAccepted)
}

func (r *Registry) tagList(w http.ResponseWriter, req *http.Request, name string) {
	r.mu.Lock()
	_, ok := r.repos[name]
	tags := slices.Sorted(maps.Keys(r.repo(name, false).tags))
	r.mu.Unlock()
	if !ok {
		fail(w, http.StatusNotFound, "NAME_UNKNOWN", "repository name not known to registry")
		return
	}
	page := r.page(w, req, tags)
	writeJSON(w, "application/json", map[string]any{"name": name, "tags": page})
}

func (r *Registry) catalog(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	names := slices.Sorted(maps.Keys(r.repos))
	r.mu.Unlock()
	writeJSON(w, "application/json", map[string]any{"repositories": r.page(w, req, names)})
}

// page cuts all to what n and last ask for, and links to the rest.
func (r *Registry) page(w http.ResponseWriter, req *http.Request, all []string) []string {
	q := req.URL.Query()
	if last := q.Get("last"); last != "" {
		i, found := slices.BinarySearch(all, last)
		if found {
			i++
		}
		all = all[i:]
	}
	n := r.opts.PageSize
	if asked, err := strconv.Atoi(q.Get("n")); err == nil && (n == 0 || asked < n) {
		n = asked
	}
	if n > 0 && n < len(all) {
		all = all[:n]
		next := url.Values{"n": {strconv.Itoa(n)}, "last": {all[n-1]}}
		w.Header().Set("Link", fmt.Sprintf(`<%s?%s>; rel="next"`, req.URL.Path, next.Encode()))
	}
	return append([]string{}, all...)
}

func (r *Registry) referrers(w http.ResponseWriter, req *http.Request, name, digest string) {
	if !digestForm.MatchString(digest) {
		fail(w, http.StatusBadRequest, "DIGEST_INVALID", "not a sha256 digest")
		return
	}
	want := req.URL.Query().Get("artifactType")
	found := []descriptor{}
	r.mu.Lock()
	repo := r.repo(name, false)
	for _, d := range slices.Sorted(maps.Keys(repo.manifests)) {
		s := repo.manifests[d]
		var m manifest
		if json.Unmarshal(s.body, &m) != nil || m.Subject == nil || m.Subject.Digest != digest {
			continue
		}
		kind := m.ArtifactType
		if kind == "" && m.Config != nil {
			kind = m.Config.MediaType
		}
		if want == "" || want == kind {
			found = append(found, descriptor{s.mediaType, d, int64(len(s.body)), kind, m.Annotations})
		}
	}
	r.mu.Unlock()
	if want != "" {
		w.Header().Set("OCI-Filters-Applied", "artifactType")
	}
	const index = "application/vnd.oci.image.index.v1+json"
	writeJSON(w, index, map[string]any{"schemaVersion": 2, "mediaType": index, "manifests": found})
}

func writeJSON(w http.ResponseWriter, mediaType string, v any) {
	w.Header().Set("Content-Type", mediaType)
	json.NewEncoder(w).Encode(v)
}
