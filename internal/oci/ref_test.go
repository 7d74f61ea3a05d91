package oci

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseRef(t *testing.T) {
	hex := strings.Repeat("0a", 32)
	for in, want := range map[string]Ref{
		"localhost:5000/echo:0.1.0":                     {"localhost:5000", "echo", "0.1.0", ""},
		"localhost/echo:1":                              {"localhost", "echo", "1", ""},
		"localhost:5000/echo":                           {"localhost:5000", "echo", "", ""},
		"localhost:5000/echo:latest":                    {"localhost:5000", "echo", "latest", ""},
		"Localhost:5000/Team/Echo:V0.1.0-RC1":           {"localhost:5000", "team/echo", "v0.1.0-rc1", ""},
		"oci://ghcr.io/me/echo:1":                       {"ghcr.io", "me/echo", "1", ""},
		"[::1]:5000/echo:1":                             {"[::1]:5000", "echo", "1", ""},
		"127.0.0.1:5000/a/b/c:x_y.z-1":                  {"127.0.0.1:5000", "a/b/c", "x_y.z-1", ""},
		"echo":                                          {"docker.io", "library/echo", "", ""},
		"me/echo:1":                                     {"docker.io", "me/echo", "1", ""},
		"index.docker.io/me/echo:1":                     {"docker.io", "me/echo", "1", ""},
		"ghcr.io/echo@sha256:" + hex:                    {"ghcr.io", "echo", "", "sha256:" + hex},
		"ghcr.io/echo:1@SHA256:" + strings.ToUpper(hex): {"ghcr.io", "echo", "1", "sha256:" + hex},
		"ghcr.io/a__b/c---d:1":                          {"ghcr.io", "a__b/c---d", "1", ""},
	} {
		got, err := ParseRef(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in, diff)
		}
	}
}

func TestParseRefRefuses(t *testing.T) {
	for _, in := range []string{
		"", ":", "/", "@", "localhost:5000", "localhost:5000/", "localhost:5000/echo:", "localhost:5000/echo@",
		"localhost:5000/../etc:1", "localhost:5000/a//b:1", "localhost:5000/a/./b:1", "localhost:5000/-a:1", "localhost:5000/a_:1",
		"localhost:5000/echo:.1", "localhost:5000/echo:-1", "localhost:5000/echo:a b", "localhost:5000/écho:1",
		"localhost:0/echo:1", "localhost:99999/echo:1", "localhost:5000x/echo:1", "user@host.io/echo:1", "*.io/echo:1", "a%2fb.io/echo:1",
		"http://localhost:5000/echo:1", "https://ghcr.io/echo:1", "ghcr.io/echo@sha256:abc", "ghcr.io/echo@md5:" + strings.Repeat("a", 32),
		"ghcr.io/echo@sha512:" + strings.Repeat("a", 128), "ghcr.io/echo:" + strings.Repeat("a", 129), "ghcr.io/" + strings.Repeat("a", 2000),
		"ghcr.io/echo:1\n", "\x00", "ghcr.io/echo:1@sha256:" + strings.Repeat("a", 64) + "@sha256:" + strings.Repeat("a", 64),
	} {
		if ref, err := ParseRef(in); err == nil {
			t.Errorf("%q was read as %+v", in, ref)
		}
	}
}

// FuzzParseRef: whatever is accepted is written back and read as the same,
// and goes into a URL without changing its meaning.
func FuzzParseRef(f *testing.F) {
	for _, seed := range []string{
		"localhost:5000/echo:0.1.0", "echo", "ghcr.io/me/echo:v1@sha256:" + strings.Repeat("0a", 32), "[::1]:5000/a:b",
		"index.docker.io/library/x", "docker.io/x:latest", "a/../b", "oci://Host/A:B", "http://x/y", "a.b:1/c:latest",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		ref, err := ParseRef(in)
		if err != nil {
			return
		}
		again, err := ParseRef(ref.String())
		if err != nil {
			t.Fatalf("%q gives %q, which is refused: %v", in, ref, err)
		}
		if again != ref {
			t.Fatalf("%q gives %+v, read back as %+v", in, ref, again)
		}
		if s := ref.String(); s != strings.ToLower(s) || strings.Contains(s, "..") && strings.Contains(s, "/../") || strings.ContainsAny(s, "?#% \\\n") {
			t.Fatalf("%q gives %q", in, s)
		}
	})
}
