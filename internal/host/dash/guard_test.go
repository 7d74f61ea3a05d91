package dash

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Who may not, is refused before anything happens.
func TestGuardRefuses(t *testing.T) {
	header := func(pairs ...string) func(*http.Request) {
		return func(r *http.Request) {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == "Host" {
					r.Host = pairs[i+1]
				}
				r.Header.Set(pairs[i], pairs[i+1])
			}
		}
	}
	const link = `{"actor_id":"M","provider_id":"V","contract_id":"c","link_name":"default","values":{}}`
	for name, tt := range map[string]struct {
		method, path string
		change       func(*http.Request)
		status       int
	}{
		"no token":                      {"GET", "/api/lattice", header("Authorization", ""), 401},
		"another token":                 {"GET", "/api/lattice", header("Authorization", "Bearer WRONG"), 401},
		"no token, page":                {"GET", "/", header("Authorization", ""), 401},
		"no token, events":              {"GET", "/api/events", header("Authorization", ""), 401},
		"no token, unknown path":        {"GET", "/x", header("Authorization", ""), 401},
		"a cookie of another host":      {"GET", "/api/lattice", header("Authorization", "", "Cookie", "devhost_4000="+strings.Repeat("0", 64)), 401},
		"the token as a cookie":         {"GET", "/api/lattice", header("Authorization", "", "Cookie", "devhost_4000="+token), 401},
		"rebound name":                  {"GET", "/api/lattice", header("Host", "evil.example:4000"), 421},
		"rebound name, probe":           {"GET", "/readyz", header("Host", "evil.example"), 421},
		"name that begins like ours":    {"GET", "/api/lattice", header("Host", "localhost.evil.example"), 421},
		"address of the network":        {"GET", "/api/lattice", header("Host", "192.168.1.7:4000"), 421},
		"no name":                       {"GET", "/api/lattice", header("Host", ""), 421},
		"form of another site":          {"PUT", "/api/links", header("Sec-Fetch-Site", "cross-site"), 403},
		"form of another port":          {"PUT", "/api/links", header("Sec-Fetch-Site", "same-site"), 403},
		"origin of another site":        {"PUT", "/api/links", header("Origin", "https://evil.example"), 403},
		"origin of another port":        {"PUT", "/api/links", header("Origin", "http://127.0.0.1:9999"), 403},
		"origin of a file":              {"PUT", "/api/links", header("Origin", "null"), 403},
		"reading from another port":     {"GET", "/api/lattice", header("Sec-Fetch-Site", "same-site"), 403},
		"script of another site":        {"GET", "/", header("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"), 403},
		"frame of another site":         {"GET", "/", header("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"), 403},
		"navigation to the API":         {"GET", "/api/lattice", header("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), 403},
		"token in the URL of the API":   {"GET", "/api/lattice?token=" + token, header("Authorization", ""), 401},
		"login by POST":                 {"POST", "/?token=" + token, header("Authorization", ""), 401},
		"upload from another site":      {"POST", "/api/uploads", header("Origin", "http://evil.example", "Content-Type", "text/plain"), 403},
		"preflight of another site":     {"OPTIONS", "/api/links", header("Authorization", "", "Origin", "http://evil.example"), 403},
		"wrong token in the login":      {"GET", "/?token=WRONG", header("Authorization", ""), 401},
		"login under a rebound name":    {"GET", "/?token=" + token, header("Host", "evil.example"), 421},
		"no token, asset outside":       {"GET", "/assets/../api/lattice", header("Authorization", ""), 401},
		"bearer in the wrong case":      {"GET", "/api/lattice", header("Authorization", "Bearer "+strings.ToLower(token)), 401},
		"cookie under another's port":   {"GET", "/api/lattice", header("Authorization", "", "Cookie", "devhost_4001="), 401},
		"https origin of the same name": {"PUT", "/api/links", header("Origin", "https://"+host), 403},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, nil)
			body := ""
			if tt.method == "PUT" {
				body = link
			}
			rec := w.ask(tt.method, tt.path, body, tt.change)
			if rec.Code != tt.status {
				t.Errorf("status %d, want %d: %s", rec.Code, tt.status, rec.Body)
			}
			if got := w.host.last(); got != nil {
				t.Errorf("the host was asked for %v", got)
			}
			if rec.Header().Get("Set-Cookie") != "" || strings.Contains(rec.Body.String(), token) || strings.Contains(rec.Body.String(), "MACTOR") {
				t.Errorf("it gives something away: %v %s", rec.Header(), rec.Body)
			}
		})
	}
}

func TestGuardLetsIn(t *testing.T) {
	w := start(t, nil)
	rec := w.ask("GET", "/?token="+token, "", func(r *http.Request) { r.Header.Del("Authorization") })
	cookies := rec.Result().Cookies()
	if rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != "/?hello" || len(cookies) != 1 {
		t.Fatalf("login: %d %v", rec.Code, rec.Header())
	}
	c := cookies[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || strings.Contains(c.Value, token) || c.MaxAge != 0 || !c.Expires.IsZero() {
		t.Errorf("cookie %+v", c)
	}
	with := func(host, site string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Del("Authorization")
			r.Host = host
			_, port, _ := strings.Cut(strings.TrimPrefix(host, "[::1]"), ":")
			r.AddCookie(&http.Cookie{Name: "devhost_" + port, Value: c.Value})
			if site != "" {
				r.Header.Set("Sec-Fetch-Site", site)
				r.Header.Set("Origin", "http://"+host)
			}
		}
	}
	for _, name := range []string{"127.0.0.1:4000", "localhost:4000", "LOCALHOST:4000", "[::1]:4000", "localhost:9999" /* forwarded */} {
		if rec := w.ask("GET", "/api/lattice", "", with(name, "same-origin")); rec.Code != 200 {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	if rec := w.ask("PUT", "/api/links", `{"actor_id":"M"}`, with(host, "same-origin")); rec.Code != 200 {
		t.Errorf("a change from the page itself: %d %s", rec.Code, rec.Body)
	}
	// A link on another site opens the page, if the browser sends the cookie.
	rec = w.ask("GET", "/", "", func(r *http.Request) {
		with(host, "")(r)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Sec-Fetch-Mode", "navigate")
		r.Header.Set("Sec-Fetch-Dest", "document")
	})
	if rec.Code != 200 {
		t.Errorf("a link: %d", rec.Code)
	}
	// If it does not, it is sent to itself, once.
	none := func(r *http.Request) { r.Header.Del("Authorization") }
	if got := w.ask("GET", "/?hello", "", none).Header().Get("Refresh"); got != "0; url=/" {
		t.Errorf("Refresh %q", got)
	}
	if got := w.ask("GET", "/", "", none).Header().Get("Refresh"); got != "" {
		t.Errorf("the page without a cookie reloads for ever: %q", got)
	}
	if strings.Contains(w.logs.String(), token) {
		t.Error("the token is in the log")
	}
}

func TestHeaders(t *testing.T) {
	w := start(t, nil)
	for _, path := range []string{"/", "/api/lattice", "/assets/app.js", "/assets/base.css", "/livez", "/api/none", "/none"} {
		h := w.ask("GET", path, "", nil).Header()
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'self'", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
			"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if !strings.HasPrefix(h.Get(name), want) {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if h.Get("Access-Control-Allow-Origin") != "" || strings.Contains(h.Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("%s: %v", path, h)
		}
	}
}

func TestProbes(t *testing.T) {
	w := start(t, nil)
	none := func(r *http.Request) { r.Header.Del("Authorization") }
	for _, path := range []string{"/livez", "/readyz", "/api/livez", "/api/readyz"} {
		if rec := w.ask("GET", path, "", none); rec.Code != 200 {
			t.Errorf("%s: %d", path, rec.Code)
		}
	}
	w.host.unready = errNo
	if rec := w.ask("GET", "/readyz", "", none); rec.Code != 503 || !strings.Contains(rec.Body.String(), errNo.Error()) {
		t.Errorf("readyz: %d %s", rec.Code, rec.Body)
	}
	if rec := w.ask("GET", "/livez", "", none); rec.Code != 200 {
		t.Errorf("livez of a host that is not ready: %d", rec.Code)
	}
}

// Whatever a client sends as its host, the answer is no crash and no way in.
func FuzzGuard(f *testing.F) {
	for _, seed := range []string{host, "localhost", "[::1]", "[::1]:80:80", "evil", "127.0.0.1.evil", "127.0.0.1:4000:1", "::", ""} {
		f.Add(seed, "/?token=X", "http://evil", "cross-site")
	}
	w := start(f, nil)
	f.Fuzz(func(t *testing.T, host, path, origin, site string) {
		req := httptest.NewRequest("PUT", "/api/links", strings.NewReader(`{}`))
		req.Host, req.URL.RawQuery = host, path
		req.Header.Set("Origin", origin)
		req.Header.Set("Sec-Fetch-Site", site)
		rec := httptest.NewRecorder()
		w.server.Handler().ServeHTTP(rec, req)
		if rec.Code < 400 || w.host.last() != nil {
			t.Errorf("%q %q %q %q: %d", host, path, origin, site, rec.Code)
		}
	})
}

func TestTokensDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 3 {
		w := start(t, func(c *Config) { c.Token = "" })
		l, err := Listen(0)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		url := w.server.LoginURL(l)
		if _, secret, ok := strings.Cut(url, "?token="); !ok || len(secret) < 40 || seen[secret] {
			t.Errorf("login %s", url)
		}
		if !strings.HasPrefix(url, fmt.Sprintf("http://%s/", l.Addr())) || !strings.HasPrefix(url, "http://127.0.0.1:") {
			t.Errorf("login %s for %s", url, l.Addr())
		}
		seen[url] = true
	}
}
