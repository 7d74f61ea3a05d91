package httpd

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

func TestReadOnlyAndCacheControl(t *testing.T) {
	b := start(t, map[string]string{"config_json": `{"readonly_mode":true,"cache_control":"no-store"}`}, text("x"))
	if res, _ := b.do("POST", "/", ""); res.StatusCode != 405 || res.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("got %d %v", res.StatusCode, res.Header)
	}
	if res, _ := b.do("GET", "/", ""); res.StatusCode != 200 || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %d %v", res.StatusCode, res.Header)
	}
}

func TestCORS(t *testing.T) {
	conf := `{"cors":{"allowed_origins":["https://good.example/"],"allowed_methods":["GET"],"allowed_headers":["x-a"],"exposed_headers":["x-b"],"max_age_secs":5}}`
	b := start(t, map[string]string{"config_json": conf}, text("x"))
	open := start(t, nil, text("x"))
	for _, tt := range []struct {
		name   string
		b      *bed
		method string
		header []string
		code   int
		allow  string
	}{
		{"no origin", b, "GET", nil, 200, ""},
		{"good", b, "GET", []string{"Origin", "https://good.example"}, 200, "https://good.example"},
		{"bad", b, "GET", []string{"Origin", "https://bad.example"}, 403, ""},
		{"preflight", b, "OPTIONS", []string{"Origin", "https://good.example", "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "X-A"}, 200, "https://good.example"},
		{"method", b, "OPTIONS", []string{"Origin", "https://good.example", "Access-Control-Request-Method", "PUT"}, 403, "https://good.example"},
		{"header", b, "OPTIONS", []string{"Origin", "https://good.example", "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "x-a, x-z"}, 403, "https://good.example"},
		{"anybody by default", open, "GET", []string{"Origin", "https://bad.example"}, 200, "https://bad.example"},
	} {
		res, _ := tt.b.do(tt.method, "/", "", tt.header...)
		if got := res.Header.Get("Access-Control-Allow-Origin"); res.StatusCode != tt.code || got != tt.allow {
			t.Errorf("%s: %d, %q", tt.name, res.StatusCode, got)
		}
		if tt.name == "preflight" && (res.Header.Get("Access-Control-Allow-Methods") != "GET" || res.Header.Get("Access-Control-Max-Age") != "5") {
			t.Errorf("%s: %v", tt.name, res.Header)
		}
	}
}

func TestTLS(t *testing.T) {
	cert, key, pool := testkit.Certificate(t, t.TempDir())
	b := start(t, map[string]string{"config_json": fmt.Sprintf(`{"tls":{"cert_file":%q,"priv_key_file":%q}}`, cert, key)}, text("secret"))
	b.url = "https" + strings.TrimPrefix(b.url, "http")
	b.client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: pool}
	if res, body := b.do("GET", "/", ""); body != "secret" || res.TLS == nil {
		t.Errorf("got %q", body)
	}
}
