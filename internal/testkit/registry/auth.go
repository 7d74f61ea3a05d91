package registry

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
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
	known, ok := r.grants(req, scope)
	if ok {
		return true
	}
	r.challenge(w, req, scope, known)
	return false
}

// token is what a bearer may do, and for how many more requests.
type token struct {
	scopes []string
	left   int
}

// grants tells whether the request's token is known, and good for scope.
func (r *Registry) grants(req *http.Request, scope string) (known, ok bool) {
	bearer, _ := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.tokens[bearer]
	if t == nil {
		return false, false
	}
	if t.left--; r.opts.TokenUses > 0 && t.left < 0 {
		delete(r.tokens, bearer)
		return false, false
	}
	return true, scope == "" || slices.Contains(t.scopes, scope)
}

func (r *Registry) challenge(w http.ResponseWriter, req *http.Request, scope string, known bool) {
	realm := r.opts.RealmURL
	if realm == "" {
		scheme := "http"
		if req.TLS != nil {
			scheme = "https"
		}
		realm = scheme + "://" + req.Host + "/token"
	}
	challenge := fmt.Sprintf(`Bearer realm=%q,service=%q`, realm, cmp.Or(r.opts.Service, "test"))
	if scope != "" {
		challenge += fmt.Sprintf(`,scope=%q`, scope)
	}
	if known {
		challenge += `,error="insufficient_scope"`
	}
	w.Header().Set("WWW-Authenticate", challenge)
	fail(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
}

// tokenPath is where this server itself gives tokens.
func (r *Registry) tokenPath() string {
	if u, err := url.Parse(r.opts.RealmURL); err == nil && u.Path != "" {
		return u.Path
	}
	return "/token"
}

// token is the token server: Basic with GET, or a refresh token with POST. Every scope
// asked for is granted, except where the registry's habits have it otherwise.
func (r *Registry) token(w http.ResponseWriter, req *http.Request) {
	if err := req.ParseForm(); err != nil {
		fail(w, http.StatusBadRequest, "UNAUTHORIZED", err.Error())
		return
	}
	user, password, named := req.BasicAuth()
	ok := user == r.opts.User && password == r.opts.Password
	if req.Method == http.MethodPost {
		ok = req.PostForm.Get("grant_type") == "refresh_token" && req.PostForm.Get("refresh_token") == cmp.Or(r.opts.RefreshToken, r.opts.Password)
		named = true
	}
	anonymous := r.opts.Anonymous && !named
	if !ok && !anonymous {
		fail(w, http.StatusUnauthorized, "UNAUTHORIZED", "wrong user or password")
		return
	}
	if want := r.opts.Service; want != "" && req.Form.Get("service") != want {
		fail(w, http.StatusBadRequest, "UNSUPPORTED", "service must be "+want)
		return
	}
	text := r.issue(strings.Fields(strings.Join(req.Form["scope"], " ")), anonymous)
	json.NewEncoder(w).Encode(map[string]any{"token": text, "access_token": text, "expires_in": 60})
}

func (r *Registry) issue(asked []string, anonymous bool) string {
	t := &token{left: r.opts.TokenUses}
	if r.opts.OneScope && len(asked) > 1 {
		asked = asked[:1]
	}
	for _, scope := range asked {
		resource, actions, _ := cutLast(scope, ":")
		for _, action := range strings.Split(actions, ",") {
			if !anonymous || action == "pull" {
				t.scopes = append(t.scopes, resource+":"+action)
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next++
	text := "token-" + strconv.Itoa(r.next)
	r.tokens[text] = t
	return text
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
