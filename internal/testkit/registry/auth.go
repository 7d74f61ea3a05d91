package registry

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// authorized answers 401 with a challenge unless the request may have scope.
func (r *Registry) authorized(w http.ResponseWriter, req *http.Request, scope string) bool {
	if r.opts.User == "" {
		return true
	}
	if !r.opts.Bearer {
		if user, password, ok := req.BasicAuth(); ok && user == r.opts.User && password == r.opts.Password {
			return true
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		fail(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
		return false
	}
	token, _ := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	r.mu.Lock()
	scopes, ok := r.tokens[token]
	r.mu.Unlock()
	if ok && (scope == "" || slices.Contains(scopes, scope)) {
		return true
	}
	realm := r.opts.RealmURL
	if realm == "" {
		scheme := "http"
		if req.TLS != nil {
			scheme = "https"
		}
		realm = scheme + "://" + req.Host + "/token"
	}
	challenge := fmt.Sprintf(`Bearer realm=%q,service="test"`, realm)
	if scope != "" {
		challenge += fmt.Sprintf(`,scope=%q`, scope)
	}
	if ok {
		challenge += `,error="insufficient_scope"`
	}
	w.Header().Set("WWW-Authenticate", challenge)
	fail(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
	return false
}

// token is the token server: Basic with GET, or a refresh token (the
// password, for brevity) with POST. Every scope asked for is granted.
func (r *Registry) token(w http.ResponseWriter, req *http.Request) {
	if err := req.ParseForm(); err != nil {
		fail(w, http.StatusBadRequest, "UNAUTHORIZED", err.Error())
		return
	}
	user, password, _ := req.BasicAuth()
	ok := user == r.opts.User && password == r.opts.Password
	if req.Method == http.MethodPost {
		ok = req.PostForm.Get("grant_type") == "refresh_token" && req.PostForm.Get("refresh_token") == r.opts.Password
	}
	if !ok {
		fail(w, http.StatusUnauthorized, "UNAUTHORIZED", "wrong user or password")
		return
	}
	var scopes []string
	for _, s := range req.Form["scope"] {
		for _, scope := range strings.Fields(s) {
			resource, actions, _ := cutLast(scope, ":")
			for _, action := range strings.Split(actions, ",") {
				scopes = append(scopes, resource+":"+action)
			}
		}
	}
	r.mu.Lock()
	r.next++
	token := "token-" + strconv.Itoa(r.next)
	r.tokens[token] = scopes
	r.mu.Unlock()
	json.NewEncoder(w).Encode(map[string]any{"token": token, "access_token": token, "expires_in": 60})
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// ExpireTokens makes every token given so far worthless.
func (r *Registry) ExpireTokens() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.tokens)
}
