package httpd

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "conf.json")
	if err := os.WriteFile(file, []byte(`{"address":"127.0.0.1:1","timeout_ms":7,"cache_control":"file"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, tt := range []struct {
		name   string
		values map[string]string
		check  func(s settings) bool
	}{
		{"nothing: loopback", nil, func(s settings) bool {
			return s.Address == "127.0.0.1:8000" && s.MaxContentLen == 100<<20 && !s.ReadOnly && s.CORS.MaxAge == 300 && len(s.CORS.Methods) == 6
		}},
		{"port", map[string]string{"PORT": "8080"}, func(s settings) bool { return s.Address == "127.0.0.1:8080" }},
		{"port over address", map[string]string{"address": "0.0.0.0:1", "port": "2"}, func(s settings) bool { return s.Address == "127.0.0.1:2" }},
		{"IPv6", map[string]string{"address": "[::1]:80"}, func(s settings) bool { return s.Address == "[::1]:80" }},
		{"single over json over base64 over file", map[string]string{"config_file": file, "config_b64": b64(`{"timeout_ms":8,"address":"127.0.0.1:2"}`), "config_json": `{"address":"127.0.0.1:3"}`, "Cache_Control": "v"},
			func(s settings) bool { return s.Address == "127.0.0.1:3" && s.TimeoutMS == 8 && s.CacheControl == "v" }},
		{"unpadded", map[string]string{"config_b64": strings.TrimRight(b64(`{"timeout_ms":8}`), "=")}, func(s settings) bool { return s.TimeoutMS == 8 }},
		{"unknown and null members", map[string]string{"config_json": `{"log":{"level":"Debug"},"x":1,"timeout_ms":null,"max_content_len":null,"tls":{}}`, "x": "y"},
			func(s settings) bool { return s.MaxContentLen == 100<<20 }},
		{"sizes", map[string]string{"config_json": `{"max_content_len":"5K"}`}, func(s settings) bool { return s.MaxContentLen == 5<<10 }},
		{"a bare size", map[string]string{"config_json": `{"max_content_len":500}`}, func(s settings) bool { return s.MaxContentLen == 500 }},
	} {
		if s, err := readSettings(tt.values); err != nil || !tt.check(s) {
			t.Errorf("%s: %+v, %v", tt.name, s, err)
		}
	}
}

func TestBadSettings(t *testing.T) {
	for _, tt := range []struct {
		name, value, want string
	}{
		{"port", "99999", `port "99999"`}, {"port", "", `port ""`}, {"address", "localhost:80", "want an IP address and a port"},
		{"address", "", "want an IP address"}, {"config_json", "{", "config_json"}, {"config_json", `{"address":7}`, "config_json"},
		{"config_b64", "!", "not base64"}, {"config_file", "/x.toml", "only .json"}, {"config_file", "/does/not/exist.json", "config_file"},
		{"readonly_mode", "maybe", "true or false"}, {"timeout_ms", "-1", "milliseconds"}, {"timeout_ms", "4000000000", "at most an hour"},
		{"max_content_len", "5t", "max_content_len"}, {"max_content_len", "1g", "at most"}, {"max_content_len", "k", "max_content_len"}, {"max_content_len", "5kk", "max_content_len"},
		{"cache_control", "a\nb", "line end"}, {"config_json", `{"tls":{"cert_file":"x"}}`, "both cert_file"},
	} {
		if _, err := readSettings(map[string]string{tt.name: tt.value}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s=%q: %v, want %q", tt.name, tt.value, err, tt.want)
		}
	}
	if _, err := readSettings(map[string]string{"port": "1", "PORT": "2"}); err == nil || !strings.Contains(err.Error(), "differ only in capitals") {
		t.Errorf("two ports: %v", err)
	}
}
