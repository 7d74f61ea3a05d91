package project

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/download"
)

func TestConfiguration(t *testing.T) {
	tests := []struct{ text, want string }{
		{"[[models]]\npath = \".\"\nfiles = [\"a.smithy\"]\n", "1 . [a.smithy]"},
		{"[[models]]\npath = 'x' # y\nfiles = [ \"a # b.smithy\",\n # c\n 'd.smithy' , ]\n", "1 x [a # b.smithy d.smithy]"},
		{"# none\n[rust]\noutput_dir = \"x\"\nfiles = 1\n[[rust.files]]\npath = 1\n", ""},
		{"[[models]]\r\nurl = \"https://h/x.smithy\"\r\n", "1 https://h/x.smithy []"},
		{"[[models]]\nurl = \"https://h/\"\nfiles=[]", "error: t:1: want files beside the url https://h/"},
		{"[[models]]\n", "error: t:1: want one of path, url and oci in [[models]]"},
		{"[[models]]\npath = \"a\"\nurl = \"b\"\n", "error: t:1: want one of path, url and oci"},
		{"[[models]]\noci = \"h:5000/x:1\"\n", "1 h:5000/x:1 []"},
		{"[[models]]\noci = \"h/x:1\"\nfiles=['a.smithy']", "1 h/x:1 [a.smithy]"},
		{"[[models]]\npath = \"a\"\noci = \"h/x:1\"\n", "error: t:1: want one of path, url and oci"},
		{"[[models]]\nurl = \"a\"\noci = \"b\"\n", "error: t:1: want one of path, url and oci"},
		{"[[models]]\npath\n", "error: t:2: want `key = value`, found path"},
		{"[[models]]\npath = [\"a\"]\n", "error: t:2: want a string for path"},
		{"[[models]]\npath = \"a\nfiles = []\n", "error: t:2: want a string for path"},
		{"[[models]]\npath = \".\"\nfiles = [\"a\" \"b\"]\n", "error: t:3: want a list of strings for files"},
		{"[[models]]\npath = \".\"\nfiles = [\"a\"\n", "error: t:4: the list of files does not end"},
		{"[[models]]\npath = \".\"\nfiles = \"a\"\n", "error: t:3: want a list of strings for files"},
		{"[[models]]\nfile = \"a\"\n", "error: t:2: unknown key file in [[models]]"},
		{"[models]\npath = \"a\"\n", "error: t:1: want [[models]] in double brackets"},
	}
	for _, tt := range tests {
		list, err := parse("t", tt.text)
		var parts []string
		for _, e := range list {
			parts = append(parts, fmt.Sprintf("%d %s%s%s %v", e.line, e.path, e.url, e.oci, e.files))
		}
		got := strings.Join(parts, "; ")
		if err != nil {
			got = "error: " + err.Error()
		}
		if tt.want == "" && got != "" || !strings.HasPrefix(got, tt.want) {
			t.Errorf("%q: %s; want %s", tt.text, got, tt.want)
		}
	}
}

func FuzzConfiguration(f *testing.F) {
	f.Add("[[models]]\npath = \".\"\nfiles = [\"a.smithy\", 'b']\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := parse("t", text)
		for _, e := range list {
			if err == nil && e.path == "" && e.url == "" && e.oci == "" {
				t.Errorf("%q: %+v", text, e)
			}
		}
		if err != nil {
			return
		}
		if again, err := parse("t", write(list)); err != nil || len(again) != len(list) {
			t.Errorf("%q is written as %q: %v", text, write(list), err)
		}
	})
}

func TestCache(t *testing.T) {
	var calls atomic.Int32
	var status atomic.Int32
	status.Store(http.StatusOK)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := calls.Add(1)
		w.WriteHeader(int(status.Load()))
		fmt.Fprintf(w, "namespace v%d\n", n)
	}))
	defer srv.Close()
	at, err := url.Parse(srv.URL + "/a/../x/common.smithy?v=1")
	if err != nil {
		t.Fatal(err)
	}
	var notes []string
	now := time.Now()
	c := &Cache{Dir: t.TempDir(), Download: download.Model, Now: func() time.Time { return now },
		Note: func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }}
	want := func(what, text string, n int32) {
		t.Helper()
		data, err := c.Get(t.Context(), at)
		if err != nil || string(data) != text || calls.Load() != n {
			t.Errorf("%s: %q, %v after %d calls; want %q after %d", what, data, err, calls.Load(), text, n)
		}
	}
	c.Offline = true
	if _, err := c.Get(t.Context(), at); err == nil || calls.Load() != 0 {
		t.Errorf("offline with nothing kept: %v", err)
	}
	c.Offline = false
	want("first", "namespace v1\n", 1)
	want("kept", "namespace v1\n", 1)
	now = now.Add(25 * time.Hour)
	want("old", "namespace v2\n", 2)
	now = now.Add(50 * time.Hour)
	c.Forever = true
	want("forever", "namespace v2\n", 2)
	c.Forever = false
	c.Offline = true
	want("offline", "namespace v2\n", 2)
	c.Offline = false
	status.Store(http.StatusInternalServerError)
	want("fault of the server", "namespace v2\n", 3)
	if len(notes) != 1 || !strings.Contains(notes[0], "500") {
		t.Errorf("%q", notes)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Get(ctx, at); err == nil {
		t.Error("an interrupted run goes on with an old copy")
	}
	files, err := filepath.Glob(filepath.Join(c.Dir, "*", "common.*.smithy"))
	if err != nil || len(files) != 1 {
		t.Errorf("%q: %v", files, err)
	}
}

// Whatever a URL says, its file is below the cache.
func TestCachePathsStayInside(t *testing.T) {
	c := &Cache{Dir: "/cache"}
	for _, text := range []string{"https://h/../../x.smithy", "https://h/%2e%2e%2f%2e%2e", "https://../x", "https://h/", "https://h:80/a\\b.smithy", "https://h/..", "https://[::1]/x"} {
		at, err := url.Parse(text)
		if err != nil {
			continue
		}
		rel, err := filepath.Rel("/cache", c.path(at))
		if err != nil || strings.HasPrefix(rel, "..") || strings.Count(filepath.ToSlash(rel), "/") != 1 {
			t.Errorf("%s: %s", text, c.path(at))
		}
	}
}

func TestLoad(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c := &Cache{Dir: t.TempDir(), Now: time.Now, Offline: true}
	names := func(p *Project, err error) string {
		if err != nil {
			return "error: " + err.Error()
		}
		var list []string
		for _, s := range p.Sources {
			mark := ""
			if p.IsOwn(s.Name) {
				mark = "*"
			}
			list = append(list, filepath.ToSlash(s.Name)+mark)
		}
		return strings.Join(list, " ")
	}
	write("m/a.smithy", "namespace a\nuse org.wasmcloud.core#LinkDefinition\n")
	write("m/sub/b.smithy", "namespace b\n")
	write("m/other.txt", "")
	write("model.smithy", "namespace org.wasmcloud.model\n")
	write("ast.json", `{"smithy":"2.0","shapes":{"org.wasmcloud.model#n":{"type":"short"}}}`)
	write("uses.json", `{"smithy":"2.0","shapes":{"a#n":{"type":"short","traits":{"org.wasmcloud.model#synonym":{}}}}}`)
	write("empty/x.txt", "")
	write("sub/codegen.toml", "[[models]]\npath = \"../m\"\n")
	tests := []struct {
		config string
		files  []string
		want   string
	}{
		{"", []string{"m"}, "wasmcloud-model.smithy wasmcloud-core.smithy m/a.smithy* m/sub/b.smithy*"},
		{"", []string{"m/sub/b.smithy", "m/sub"}, "m/sub/b.smithy*"},
		{"", []string{"m/a.smithy", "model.smithy"}, "wasmcloud-core.smithy m/a.smithy* model.smithy*"},
		{"", []string{"ast.json"}, "ast.json*"},
		{"", []string{"uses.json"}, "wasmcloud-model.smithy uses.json*"},
		{"", []string{"empty"}, "error: empty has no .smithy file"},
		{"", nil, "error: no model is named and there is no codegen.toml"},
		{"sub/codegen.toml", nil, "wasmcloud-model.smithy wasmcloud-core.smithy m/a.smithy* m/sub/b.smithy*"},
		{"sub/codegen.toml", []string{"m/sub/b.smithy"}, "m/sub/b.smithy*"},
	}
	for _, tt := range tests {
		if got := names(Load(t.Context(), c, tt.config, tt.files)); !strings.HasPrefix(got, tt.want) || !strings.HasPrefix(tt.want, "error") && got != tt.want {
			t.Errorf("%q %q: %s; want %s", tt.config, tt.files, got, tt.want)
		}
	}
}
