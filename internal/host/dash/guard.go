package dash

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
)

// requestTime is what reading a request may take, and twice that its answer.
const requestTime = 30 * time.Second

// policyHeader lets the page load nothing but what comes from here, and nobody
// frame it.
const policyHeader = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"

// guard is what every request passes: the Host header must name this machine
// (else a page of another site could reach us under its own name, by DNS
// rebinding), nothing may be sent by another site's page, and all but a few
// paths want the token or the cookie it was exchanged for.
func (s *Server) guard(next http.Handler) http.Handler {
	open := map[string]http.HandlerFunc{
		"/livez": s.live, "/api/livez": s.live, // the second name is the Elixir host's
		"/readyz": s.ready, "/api/readyz": s.ready,
	}
	inner := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header())
		if !ourName(r.Host) {
			fail(w, http.StatusMisdirectedRequest, "this dashboard answers to 127.0.0.1 and localhost alone, not to "+clip(r.Host, 100)+
				": open the address that devhost printed, or forward a port to it (ssh -L 4000:127.0.0.1:4000)")
			return
		}
		if probe, ok := open[r.URL.Path]; ok {
			probe(w, r)
			return
		}
		if foreign(r) {
			fail(w, http.StatusForbidden, "a page of another origin sent this request: use the dashboard itself, or the API with the token")
			return
		}
		if token := r.URL.Query().Get("token"); token != "" && r.URL.Path == "/" && r.Method == http.MethodGet {
			s.login(w, r, token)
			return
		}
		if !s.knows(r) && !public(r.URL.Path) {
			s.unknown(w, r)
			return
		}
		inner.ServeHTTP(w, r)
	})
}

func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", policyHeader)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cache-Control", "no-store")
}

// ourName: any port will do, because a forwarded one differs; a name that is not
// this machine's will not.
func ourName(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	switch strings.ToLower(strings.Trim(name, "[]")) {
	case "127.0.0.1", "localhost", "::1":
		return true
	}
	return false
}

// foreign says whether a page of another origin asks, for anything but to open
// the dashboard in a tab. Cookies know no ports: a page of another server of this
// machine would come with ours, also to read.
func foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		opens := r.Method == http.MethodGet && r.URL.Path == "/" && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
		return !opens
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || u.Host != r.Host || u.Scheme != "http"
}

// public are the files of the page, which anybody may read; the page that asks
// for the token is drawn with them.
func public(p string) bool { return path.Clean(p) == p && strings.HasPrefix(p, "/assets/") }

// cookieName has the port in it, because browsers send cookies to every port: two
// hosts' dashboards would log each other out.
func cookieName(r *http.Request) string {
	_, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		port = "80"
	}
	return "devhost_" + port
}

// login exchanges the token for a cookie and sends the browser on, so that the
// token stays neither in the address bar nor in the history.
func (s *Server) login(w http.ResponseWriter, r *http.Request, token string) {
	if !same(token, s.cfg.Token) {
		s.refusePage(w, r, "The token in this address is not this host's.")
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(r), Value: s.session, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	// A strict cookie is not sent when a link elsewhere (a terminal in a browser, a
	// chat) led here; see unknown for how ?hello gets over that.
	http.Redirect(w, r, "/?hello", http.StatusSeeOther)
}

func (s *Server) knows(r *http.Request) bool {
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return same(bearer, s.cfg.Token)
	}
	c, err := r.Cookie(cookieName(r))
	return err == nil && same(c.Value, s.session)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// unknown answers who has neither token nor cookie.
func (s *Server) unknown(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/api/") {
		w.Header().Set("WWW-Authenticate", `Bearer realm="devhost dashboard"`)
		fail(w, http.StatusUnauthorized, "this needs the dashboard's token: open the URL that `devhost dashboard` prints, or send the token as Authorization: Bearer")
		return
	}
	if r.URL.Path == "/" && r.URL.RawQuery == "hello" {
		// Asked for again by our own page, the browser sends the cookie it has just got.
		w.Header().Set("Refresh", "0; url=/")
	}
	s.refusePage(w, r, "This dashboard can start code on your machine, so it asks who you are.")
}

func (s *Server) live(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]string{"status": "alive"})
}

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if err := s.cfg.Host.Ready(r.Context()); err != nil {
		fail(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	answer(w, http.StatusOK, map[string]string{"status": "ready"})
}
