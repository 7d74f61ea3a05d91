package project

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/bundle"
)

func packed(t *testing.T, config string, files ...bundle.File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := bundle.Write(&b, append([]bundle.File{{Name: bundle.Config, Data: []byte(config)}}, files...)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// registry is a cache whose registry holds what the map says.
func registry(t *testing.T, pulls *[]string, content map[string][]byte) *Cache {
	return &Cache{Dir: t.TempDir(), Now: time.Now, Note: t.Logf, Pull: func(_ context.Context, ref string) ([]byte, error) {
		if pulls != nil {
			*pulls = append(*pulls, ref)
		}
		if data, ok := content[ref]; ok {
			return data, nil
		}
		return nil, errors.New("no such artifact")
	}}
}

const self = "[[models]]\npath = \".\"\n"

func TestModelsOfARegistry(t *testing.T) {
	t.Chdir(t.TempDir())
	var pulls []string
	c := registry(t, &pulls, map[string][]byte{
		// a and b name each other, and b a model of the tool.
		"r.example/a:1": packed(t, self+"\n[[models]]\noci = \"r.example/b:1\"\n", bundle.File{Name: "a.smithy", Data: []byte("namespace a\nuse org.wasmcloud.model#n\n")}),
		"r.example/b:1": packed(t, self+"\n[[models]]\noci = \"r.example/a:1\"\n", bundle.File{Name: "b.smithy", Data: []byte("namespace b\n")},
			bundle.File{Name: "x/c.smithy", Data: []byte("namespace c\n")}, bundle.File{Name: "wasmcloud-model.smithy", Data: []byte("not this one")}),
		// c brings along what b has: one model, however many bring it.
		"r.example/c:1":    packed(t, self, bundle.File{Name: "c.smithy", Data: []byte("namespace d\n")}, bundle.File{Name: "lib/b.smithy", Data: []byte("namespace b\n")}),
		"r.example/bad:1":  []byte("no bundle"),
		"r.example/path:1": packed(t, "[[models]]\nfile = 1\n", bundle.File{Name: "a.smithy"}),
	})
	load := func(config string) string {
		t.Helper()
		if err := os.WriteFile("codegen.toml", []byte(self+config), 0o644); err != nil {
			t.Fatal(err)
		}
		p, err := Load(t.Context(), c, "", nil)
		if err != nil {
			return "error: " + err.Error()
		}
		var list []string
		for _, s := range p.Sources {
			list = append(list, strings.TrimPrefix(s.Name, "oci://r.example/"))
		}
		return strings.Join(list, " ") + " own " + strings.Join(p.Own, " ")
	}
	if err := os.WriteFile("own.smithy", []byte("namespace own\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for config, want := range map[string]string{
		"[[models]]\noci = \"r.example/a:1\"\n":                                      "wasmcloud-model.smithy a:1/a.smithy b:1/b.smithy b:1/x/c.smithy own.smithy own own.smithy",
		"[[models]]\noci = \"r.example/b:1\"\nfiles = ['x/c.smithy']\n":              "wasmcloud-model.smithy b:1/x/c.smithy a:1/a.smithy own.smithy own own.smithy",
		"[[models]]\noci = \"r.example/b:1\"\nfiles = ['nope.smithy']\n":             "error: oci://r.example/b:1 has no file nope.smithy",
		"[[models]]\noci = \"r.example/b:1\"\n[[models]]\noci = \"r.example/c:1\"\n": "wasmcloud-model.smithy b:1/b.smithy b:1/x/c.smithy a:1/a.smithy c:1/c.smithy own.smithy own own.smithy",
		"[[models]]\noci = \"r.example/none:1\"\n":                                   "error: fetching models: no such artifact",
		"[[models]]\noci = \"r.example/bad:1\"\n":                                    "error: oci://r.example/bad:1: it is no bundle",
		"[[models]]\noci = \"r.example/path:1\"\n":                                   "error: oci://r.example/path:1/codegen.toml:2: unknown key",
		"[[models]]\noci = \"nohost\"\n":                                             "error: \"nohost\" is no reference",
		"[[models]]\noci = \"%%%\"\n":                                                "error: \"%%%\" is no reference",
		"[[models]]\noci = \"r.example/a:1?x\"\n":                                    "error: \"r.example/a:1?x\" is no reference",
	} {
		if got := load(config); got != want && (!strings.HasPrefix(want, "error") || !strings.HasPrefix(got, want)) {
			t.Errorf("%s%s; want %s", config, got, want)
		}
	}
	if n := len(slices.DeleteFunc(pulls, func(s string) bool { return s != "r.example/a:1" })); n != 1 {
		t.Errorf("a:1 was pulled %d times", n)
	}

	p, err := LoadBundle(t.Context(), c, "r.example/b:1")
	if err != nil || strings.Join(p.Own, " ") != "oci://r.example/b:1/b.smithy oci://r.example/b:1/x/c.smithy" {
		t.Errorf("%v %v", p, err)
	}
}

// A tag on this machine moves, elsewhere it is what it was for a day, and a
// digest for ever.
func TestHowLongBundlesAreKept(t *testing.T) {
	now := time.Now()
	for ref, want := range map[string]int{
		"localhost:5000/a:1": 3, "127.0.0.1:5000/a:1": 3, "[::1]:5000/a:1": 3, "r.example/a:1": 2, "localhost.example/a:1": 2,
		"localhost/a@sha256:" + strings.Repeat("0", 64): 1,
	} {
		var pulls []string
		c := registry(t, &pulls, map[string][]byte{ref: []byte("x")})
		c.Now = func() time.Time { return now }
		at, err := url.Parse("oci://" + ref)
		if err != nil {
			t.Fatal(err)
		}
		for _, later := range []time.Duration{0, time.Hour, 25 * time.Hour} {
			c.Now = func() time.Time { return now.Add(later) }
			if _, err := c.Get(t.Context(), at); err != nil {
				t.Error(err)
			}
		}
		if len(pulls) != want {
			t.Errorf("%s: pulled %d times, want %d", ref, len(pulls), want)
		}
		c.Offline, c.Pull = true, nil
		if _, err := c.Get(t.Context(), at); err != nil {
			t.Errorf("%s, offline: %v", ref, err)
		}
	}
}

func TestBundleOfAProject(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"common/common.smithy": "namespace common\n", "i/x/b.smithy": "namespace i\n", "i/a.smithy": "namespace i\n",
		"i/codegen.toml": "# mine\n[[models]]\npath = 'x'\n\n[[models]]\npath = \"../common\"\n[[models]]\npath='.'\nfiles=['a.smithy']\n" +
			"[[models]]\noci = \"r.example/a:1\"\nfiles = [\"a.smithy\"]\n[go]\nx = 1\n",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c := registry(t, nil, map[string][]byte{"r.example/a:1": packed(t, self, bundle.File{Name: "a.smithy"})})
	p, err := Load(t.Context(), c, "i/codegen.toml", nil)
	if err != nil {
		t.Fatal(err)
	}
	files, err := p.Bundle("i/codegen.toml")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, " "); got != "codegen.toml x/b.smithy common.smithy a.smithy" {
		t.Error(got)
	}
	const want = "[[models]]\npath = \".\"\nfiles = [\"a.smithy\", \"common.smithy\", \"x/b.smithy\"]\n\n[[models]]\noci = \"r.example/a:1\"\nfiles = [\"a.smithy\"]\n"
	if got := string(files[0].Data); got != want {
		t.Errorf("%s; want %s", got, want)
	}
}
