package bazelcache

import (
	"bytes"
	"compress/gzip"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func zip(t *testing.T, data string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(data)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Whatever stands before and after the secret, each form is found.
func TestSecretIsFoundInEveryFormAndPosition(t *testing.T) {
	secret := []byte{0xfb, 0xff, 0x01, 0x80, 'k', 0, 0x7f, 0xfe, 0x3e, 0x3f, 0xab}
	s, err := NewSecret("canary", secret)
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string]struct {
		encode func([]byte) string
		want   string
	}{
		"raw":          {func(b []byte) string { return string(b) }, "raw"},
		"hex":          {hex.EncodeToString, "hex"},
		"HEX":          {func(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }, "hex"},
		"base64":       {base64.StdEncoding.EncodeToString, "base64"},
		"base64url":    {base64.RawURLEncoding.EncodeToString, "base64"},
		"base32":       {base32.StdEncoding.EncodeToString, "base32"},
		"base32 lower": {func(b []byte) string { return strings.ToLower(base32.StdEncoding.EncodeToString(b)) }, "base32"},
		"gzip":         {func(b []byte) string { return zip(t, string(b)) }, "raw inside gzip"},
		"base64, gzip": {func(b []byte) string { return zip(t, base64.StdEncoding.EncodeToString(b)) }, "base64 inside gzip"},
	}
	for name, f := range forms {
		for before := range 11 {
			for after := range 3 {
				text := append(append(bytes.Repeat([]byte{0xA5}, before), secret...), bytes.Repeat([]byte{0x5A}, after)...)
				if form, ok := s.In([]byte(f.encode(text))); !ok || form != f.want {
					t.Errorf("%s with %d bytes before and %d after: %q, %v", name, before, after, form, ok)
				}
			}
		}
		other := bytes.Clone(secret)
		other[5] ^= 1
		if form, ok := s.In([]byte(f.encode(other))); ok {
			t.Errorf("%s: another secret is taken for it, as %s", name, form)
		}
	}
}

func TestShortSecretIsRefused(t *testing.T) {
	if _, err := NewSecret("pin", []byte("1234567")); err == nil || strings.Contains(err.Error(), "1234567") {
		t.Error(err)
	}
}

func TestSearch(t *testing.T) {
	c, _ := open(t)
	s, err := NewSecret("canary", []byte("a secret canary"))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"clean", "has a secret canary in it"} {
		if _, err := c.Store([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Replace(Action, digest("x"), []byte(zip(t, "YSBzZWNyZXQgY2FuYXJ5"))); err != nil {
		t.Fatal(err)
	}
	found, err := c.Search(s)
	if err != nil || len(found) != 2 || found[0].Form != "base64 inside gzip" || found[1].Form != "raw" || found[1].Secret != "canary" {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestSearchFilesLooksAtNamesAndBehindLinks(t *testing.T) {
	s, err := NewSecret("canary", []byte("a secret canary"))
	if err != nil {
		t.Fatal(err)
	}
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "f")
	for file, text := range map[string]string{outside: "a secret canary", filepath.Join(dir, "a secret canary.txt"): ""} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"link": outside, "dangling": "gone", "folder": t.TempDir()} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	found, err := SearchFiles(dir, s)
	if err != nil || len(found) != 2 {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := SearchFiles(filepath.Join(dir, "gone"), s); err == nil {
		t.Error("searched nothing and found it clean")
	}
}
