package registry

import (
	"net/http"
	"strconv"
	"strings"
)

// signature is what a storage wants in place of a login.
const signature = "X-Amz-Signature"

// redirectToStorage answers a GET of a blob with where it lies.
func (r *Registry) redirectToStorage(w http.ResponseWriter, req *http.Request, name, digest string) {
	http.Redirect(w, req, r.opts.BlobsAt+"/"+name+"/"+digest+"?"+signature+"="+digest[len(digest)-8:], http.StatusTemporaryRedirect)
}

// Storage serves blobs as S3 and its like do: the address is signed, and a request that
// brings a login as well is refused.
func (r *Registry) Storage() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		index := r.enter(req)
		defer func() { r.leave(index, rec.status) }()
		dir := strings.LastIndex(req.URL.Path, "/")
		name, digest := strings.TrimPrefix(req.URL.Path[:dir], "/"), req.URL.Path[dir+1:]
		data := r.Blob(name, digest)
		switch {
		case req.Header.Get("Authorization") != "":
			http.Error(rec, "<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message></Error>", http.StatusBadRequest)
		case data == nil || req.URL.Query().Get(signature) != digest[len(digest)-8:]:
			http.Error(rec, "<Error><Code>AccessDenied</Code></Error>", http.StatusForbidden)
		default:
			r.serveBlob(rec, req, digest, data)
		}
	})
}

// limited counts pulls of manifests as Docker Hub does, and refuses too many.
func (r *Registry) limited(w http.ResponseWriter) bool {
	if r.opts.PullLimit == 0 {
		return false
	}
	r.mu.Lock()
	r.pulls++
	left := r.opts.PullLimit - r.pulls
	r.mu.Unlock()
	w.Header().Set("RateLimit-Limit", strconv.Itoa(r.opts.PullLimit)+";w=21600")
	w.Header().Set("RateLimit-Remaining", strconv.Itoa(max(0, left))+";w=21600")
	if left >= 0 {
		return false
	}
	fail(w, http.StatusTooManyRequests, "TOOMANYREQUESTS", "You have reached your pull rate limit. You may increase the limit by authenticating and upgrading")
	return true
}

// SetPulls says how many pulls were made so far.
func (r *Registry) SetPulls(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pulls = n
}

// forbidden holds the rules of a registry on where something may be written.
func (r *Registry) forbidden(w http.ResponseWriter, req *http.Request, name string) bool {
	writes := req.Method != http.MethodGet && req.Method != http.MethodHead
	switch {
	case r.opts.Created != nil && !contains(r.opts.Created, name):
		fail(w, http.StatusNotFound, "NAME_UNKNOWN", "The repository with name '"+name+"' does not exist in the registry with id '123456789012'")
	case writes && !strings.HasPrefix(name, r.opts.Owner):
		fail(w, http.StatusForbidden, "DENIED", "permission_denied: write_package")
	default:
		return false
	}
	return true
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
