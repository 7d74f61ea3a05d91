package httpd

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// admit does for requests of other sites what the link says. It answers preflight requests and
// those of origins that are not allowed, and says no then.
func (c cors) admit(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	w.Header().Add("Vary", "Origin")
	if !c.allowed(origin) {
		refuse(w, http.StatusForbidden, "this origin is not allowed here")
		return false
	}
	w.Header().Set("Access-Control-Allow-Origin", origin)
	wanted := r.Header.Get("Access-Control-Request-Method")
	if r.Method != http.MethodOptions || wanted == "" {
		if len(c.Exposed) > 0 {
			w.Header().Set("Access-Control-Expose-Headers", strings.Join(c.Exposed, ", "))
		}
		return true
	}
	c.preflight(w, r, wanted)
	return false
}

func (c cors) allowed(origin string) bool {
	return len(c.Origins) == 0 || slices.ContainsFunc(c.Origins, func(o string) bool {
		return strings.EqualFold(strings.TrimSuffix(o, "/"), origin)
	})
}

func (c cors) preflight(w http.ResponseWriter, r *http.Request, method string) {
	if !slices.ContainsFunc(c.Methods, func(m string) bool { return strings.EqualFold(m, method) }) {
		refuse(w, http.StatusForbidden, "this method is not allowed for other origins")
		return
	}
	for name := range strings.SplitSeq(r.Header.Get("Access-Control-Request-Headers"), ",") {
		name = strings.TrimSpace(name)
		if name != "" && !slices.ContainsFunc(c.Headers, func(h string) bool { return strings.EqualFold(h, name) }) {
			refuse(w, http.StatusForbidden, "this header is not allowed for other origins")
			return
		}
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", strings.Join(c.Methods, ", "))
	h.Set("Access-Control-Allow-Headers", strings.Join(c.Headers, ", "))
	h.Set("Access-Control-Max-Age", strconv.FormatUint(c.MaxAge, 10))
	hurry(w, 0)
	w.WriteHeader(http.StatusOK)
}
