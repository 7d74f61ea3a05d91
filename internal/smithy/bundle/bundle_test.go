package bundle

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var config = File{Config, []byte("[[models]]\npath = \".\"\n")}

func pack(t *testing.T, files ...File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, files); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	files := []File{config, {"a.smithy", []byte("namespace a\n")}, {"sub/b.json", []byte("{}")}}
	packed := pack(t, files...)
	if !Is(packed[:StartSize]) {
		t.Error("a bundle is not taken for one")
	}
	got, err := Read(bytes.NewReader(packed))
	if diff := cmp.Diff(files, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if again := pack(t, files[2], files[1], files[0]); !bytes.Equal(again, packed) {
		t.Error("the order of the files shows in the bytes")
	}
	// Published digests depend on this.
	const want = "b41b86da5d17b528fdd93450153ec8276a6366218e7a950a94506bbd60813fb8"
	if sum := fmt.Sprintf("%x", sha256.Sum256(packed)); sum != want {
		t.Errorf("the bytes have changed: sha256 %s; want %s", sum, want)
	}
}

func TestIs(t *testing.T) {
	for name, start := range map[string][]byte{
		"nothing": nil, "short": []byte(Config + "\x00"), "wasm": append([]byte("\x00asm"), make([]byte, 600)...),
		"no tar": append([]byte(Config+"\x00"), make([]byte, 600)...), "archive": rawTar(t, tar.Header{Typeflag: tar.TypeReg, Name: "claims.jwt", Format: tar.FormatGNU}),
		"longer name": rawTar(t, tar.Header{Typeflag: tar.TypeReg, Name: Config + ".old", Format: tar.FormatUSTAR}),
	} {
		if Is(start) {
			t.Errorf("%s is taken for a bundle", name)
		}
	}
}

func rawTar(t *testing.T, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(w, zeros{}, h.Size); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestHostileBundles(t *testing.T) {
	file := func(name string, size int64) tar.Header {
		return tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644}
	}
	first := file(Config, 0)
	many := []tar.Header{first}
	for i := range MaxFiles {
		many = append(many, file(fmt.Sprintf("%d.smithy", i), 0))
	}
	good := rawTar(t, first, file("a.smithy", 10))
	var bomb bytes.Buffer
	promises := tar.NewWriter(&bomb) // and never keeps them
	for _, h := range []tar.Header{file(Config, 0), file("a.smithy", 1<<33-1)} {
		if err := promises.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "does not begin with codegen.toml"},
		{"noise", bytes.Repeat([]byte("x"), 2048), "no bundle of models"},
		{"cut", good[:len(good)-1024-507], `reading "a.smithy" of it: unexpected EOF`},
		{"no config", rawTar(t, file("a.smithy", 0)), "does not begin with codegen.toml"},
		{"config later", rawTar(t, file("a.smithy", 0), first), "does not begin with codegen.toml"},
		{"no model", rawTar(t, first), "no model"},
		{"up", rawTar(t, first, file("../a.smithy", 0)), "leads out"},
		{"up inside", rawTar(t, first, file("a/../../a.smithy", 0)), "leads out"},
		{"absolute", rawTar(t, first, file("/a.smithy", 0)), "leads out"},
		{"drive", rawTar(t, first, file("c:a.smithy", 0)), "leads out"},
		{"backslash", rawTar(t, first, file("..\\a.smithy", 0)), "leads out"},
		{"link", rawTar(t, first, tar.Header{Typeflag: tar.TypeSymlink, Name: "a.smithy", Linkname: "/etc/passwd"}), "is no file"},
		{"folder", rawTar(t, first, tar.Header{Typeflag: tar.TypeDir, Name: "a.smithy/"}), "is no file"},
		{"other file", rawTar(t, first, file("run.sh", 0)), "is no model"},
		{"second config", rawTar(t, first, file(Config, 0)), "is no model"},
		{"twice", rawTar(t, first, file("a.smithy", 0), file("A.smithy", 0)), "two files are called"},
		{"many", rawTar(t, many...), "more than 1000 files"},
		{"large", rawTar(t, first, file("a.smithy", MaxSize+1)), "more than 33554432 bytes"},
		{"large in all", rawTar(t, first, file("a.smithy", MaxSize), file("b.smithy", 1)), "more than 33554432 bytes"},
		{"size is a lie", bomb.Bytes(), "more than 33554432 bytes"},
	}
	for _, tt := range tests {
		if _, err := Read(bytes.NewReader(tt.data)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v; want %q", tt.name, err, tt.want)
		}
	}
	if err := Write(io.Discard, []File{config, {"../a.smithy", nil}}); err == nil {
		t.Error("a bundle is written that no one would read")
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := Write(&b, []File{config, {"sub/a.smithy", []byte("namespace a\n")}}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		// Names that only other forms of tar can hold are read, and not written.
		var again bytes.Buffer
		if Write(&again, files) != nil {
			return
		}
		if back, err := Read(&again); err != nil || len(back) != len(files) {
			t.Errorf("%d files become %d: %v", len(files), len(back), err)
		}
	})
}
