package par

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

func seed(kind strkey.Kind, raw byte) *strkey.Seed {
	return strkey.FromRaw(kind, [32]byte(bytes.Repeat([]byte{raw}, 32)))
}

func vector(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func file(t testing.TB, target Target, content []byte) File {
	t.Helper()
	f, err := Measure(t.Context(), target, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil })
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func create(t testing.TB, o CreateOptions) []byte {
	t.Helper()
	if o.Token == "" && o.Issuer == nil {
		o.Issuer = seed(strkey.Account, 1)
	}
	if o.Claims.Subject == "" {
		o.Claims.Subject = string(seed(strkey.Service, 3).Public())
	}
	var b bytes.Buffer
	if _, err := Create(t.Context(), &b, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t testing.TB, archive []byte) *Archive {
	t.Helper()
	a, err := Read(t.Context(), bytes.NewReader(archive), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// The archives that wash made are read, and their executables come out.
func TestWashVectors(t *testing.T) {
	for name, targets := range map[string][]string{
		"hello.par":    {"x86_64-linux"},
		"hello.par.gz": {"aarch64-linux", "x86_64-linux"},
	} {
		a := read(t, vector(t, name))
		if !slices.Equal(a.Targets(), targets) || a.Compressed != (len(targets) == 2) || *a.Claims.Metadata.Name != "Hello Provider" {
			t.Errorf("%s: %+v", name, a)
		}
		for _, target := range targets {
			var out bytes.Buffer
			if _, err := Extract(t.Context(), bytes.NewReader(vector(t, name)), Target(target), &out, Limits{}); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(out.Bytes(), vector(t, "hello."+target)) {
				t.Errorf("%s: %s came out as %q", name, target, out.Bytes())
			}
		}
	}
}

func TestRoundTrip(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789abcdef"), 200_000)
	for _, compress := range []bool{false, true} {
		o := CreateOptions{Files: []File{file(t, "x86_64-linux", big), file(t, "arm-linux", []byte("small"))}, Compress: compress}
		o.Claims.Metadata = &claims.Provider{CapID: "wasmcloud:demo", Vendor: "acme"}
		archive := create(t, o)
		a := read(t, archive)
		if !slices.Equal(a.Targets(), []string{"arm-linux", "x86_64-linux"}) || a.Compressed != compress {
			t.Errorf("%+v", a)
		}
		var out bytes.Buffer
		if _, err := Extract(t.Context(), bytes.NewReader(archive), "x86_64-linux", &out, Limits{}); err != nil || !bytes.Equal(out.Bytes(), big) {
			t.Errorf("%d bytes, %v", out.Len(), err)
		}
		slices.Reverse(o.Files)
		if !bytes.Equal(create(t, o), archive) {
			t.Error("the order of the files changes the bytes")
		}
	}
}
