package par

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// forged is an archive made entry by entry, as no tool of ours makes one.
type forged struct {
	t testing.TB
	b bytes.Buffer
	w *tar.Writer
}

func forge(t testing.TB) *forged {
	f := &forged{t: t}
	f.w = tar.NewWriter(&f.b)
	return f
}

func (f *forged) header(h tar.Header, content string) *forged {
	f.t.Helper()
	if h.Typeflag == 0 {
		h.Typeflag = tar.TypeReg
	}
	if h.Typeflag == tar.TypeReg {
		h.Size = int64(len(content))
	}
	if err := f.w.WriteHeader(&h); err != nil {
		f.t.Fatal(err)
	}
	if _, err := io.WriteString(f.w, content); err != nil {
		f.t.Fatal(err)
	}
	return f
}

func (f *forged) add(name, content string) *forged {
	f.t.Helper()
	return f.header(tar.Header{Name: name}, content)
}

func (f *forged) bytes() []byte {
	f.t.Helper()
	if err := f.w.Close(); err != nil {
		f.t.Fatal(err)
	}
	return f.b.Bytes()
}

// token signs for executables of the given content, by stem.
func token(t testing.TB, content map[string]string, edit func(*claims.Claims[claims.Provider])) string {
	t.Helper()
	name := "demo"
	c := claims.Claims[claims.Provider]{
		Subject:  string(seed(strkey.Service, 3).Public()),
		Metadata: &claims.Provider{Name: &name, CapID: "wasmcloud:demo", Vendor: "acme", TargetHashes: map[string]string{}},
	}
	for stem, text := range content {
		c.Metadata.TargetHashes[stem] = file(t, Target(stem), []byte(text)).Hash
	}
	if edit != nil {
		edit(&c)
	}
	signed, err := claims.Sign(c, seed(strkey.Account, 1))
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func zip(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Each is refused by a sentence that names the entry.
func TestHostileArchives(t *testing.T) {
	const x64 = "x86_64-linux"
	one := map[string]string{x64: "one"}
	good := token(t, one, nil)
	signed := func() *forged { return forge(t).add("claims.jwt", good) }
	whole := signed().add(x64+".bin", "one").bytes()
	read(t, whole) // else the table shows nothing
	link := func(kind byte, name, to string) []byte {
		return signed().header(tar.Header{Typeflag: kind, Name: name, Linkname: to}, "").bytes()
	}
	for name, tt := range map[string]struct {
		archive []byte
		want    string
		is      error
	}{
		"parent folder":        {signed().add("../x86_64-linux.bin", "one").bytes(), `entry "../x86_64-linux.bin": its name leads out`, nil},
		"parent in the middle": {signed().add("a/../../x86_64-linux.bin", "one").bytes(), `leads out`, nil},
		"parent by its stem":   {forge(t).add("claims.jwt", token(t, map[string]string{x64: "one", "..": "a"}, nil)).add("...bin", "a").add(x64+".bin", "one").bytes(), `entry "...bin": it has no name`, nil},
		"absolute":             {signed().add("/etc/x86_64-linux.bin", "one").bytes(), `leads out`, nil},
		"claims elsewhere":     {forge(t).add("../claims.jwt", good).add(x64+".bin", "one").bytes(), `entry "../claims.jwt"`, nil},
		"backslash":            {signed().add(`..\x86_64-linux.bin`, "one").bytes(), "characters that have no place", nil},
		"drive":                {signed().add(`C:x86_64-linux.bin`, "one").bytes(), "characters that have no place", nil},
		"escape":               {signed().add("x86_64-linux\x1b[2J.bin", "one").bytes(), `entry "x86_64-linux\x1b[2J.bin"`, nil},
		"no UTF-8":             {signed().header(tar.Header{Name: "\xff.bin", Format: tar.FormatGNU}, "one").bytes(), "characters", nil},
		"symbolic link":        {link(tar.TypeSymlink, x64+".bin", "/etc/passwd"), `entry "x86_64-linux.bin": it is a link`, nil},
		"hard link":            {link(tar.TypeLink, x64+".bin", "claims.jwt"), "it is a link", nil},
		"claims as a link":     {forge(t).header(tar.Header{Typeflag: tar.TypeSymlink, Name: "claims.jwt", Linkname: "x"}, "").bytes(), `entry "claims.jwt": it is a link`, nil},
		"folder":               {link(tar.TypeDir, "x86_64-linux/", ""), "it is a folder", nil},
		"device":               {link(tar.TypeChar, x64+".bin", ""), "no plain file", nil},
		"pipe":                 {link(tar.TypeFifo, x64+".bin", ""), "no plain file", nil},
		"duplicate":            {signed().add(x64+".bin", "one").add(x64+".bin", "one").bytes(), "stands for the same", nil},
		"same stem":            {signed().add(x64+".bin", "one").add("sub/"+x64+".exe", "two").bytes(), `entry "sub/x86_64-linux.exe": it stands for the same as entry "x86_64-linux.bin"`, nil},
		"two claims":           {signed().add("claims.jwt", good).bytes(), "stands for the same", nil},
		"two claims by stem":   {signed().add("claims", good).bytes(), `entry "claims": it stands for the same as entry "claims.jwt"`, nil},
		"extra file":           {signed().add("README.md", "hello").add(x64+".bin", "one").bytes(), `entry "README.md": the token has no hash for "README"`, nil},
		"extra file first":     {forge(t).add("LICENSE", "x").add("claims.jwt", good).add(x64+".bin", "one").bytes(), `entry "LICENSE": the token has no hash`, nil},
		"other bytes":          {signed().add(x64+".bin", "two").bytes(), `entry "x86_64-linux.bin": its bytes are not`, ErrHash},
		"other bytes first":    {forge(t).add(x64+".bin", "two").add("claims.jwt", good).bytes(), `entry "x86_64-linux.bin": its bytes are not`, ErrHash},
		"one of two":           {forge(t).add("claims.jwt", token(t, map[string]string{x64: "one", "arm-linux": "a"}, nil)).add(x64+".bin", "one").bytes(), `entry "arm-linux.bin" is missing`, nil},
		"a hash for claims":    {forge(t).add("claims.jwt", token(t, map[string]string{x64: "one", "claims": "a"}, nil)).add(x64+".bin", "one").bytes(), `"claims.bin" is missing`, nil},
		"claims alone":         {forge(t).add("claims.jwt", token(t, nil, nil)).bytes(), "no executable", ErrFormat},
		"no claims":            {forge(t).add(x64+".bin", "one").bytes(), "no claims.jwt", ErrFormat},
		"nothing":              {forge(t).bytes(), "no claims.jwt", ErrFormat},
		"bad signature":        {forge(t).add("claims.jwt", good[:len(good)-4]+"AAAA").bytes(), `entry "claims.jwt"`, strkey.ErrSignature},
		"a line break":         {forge(t).add("claims.jwt", good+"\n").add(x64+".bin", "one").bytes(), `entry "claims.jwt"`, nil},
		"an actor's token":     {forge(t).add("claims.jwt", token(t, nil, func(c *claims.Claims[claims.Provider]) { c.Metadata = nil })).bytes(), "nothing about a provider", nil},
		"hash in lower case": {forge(t).add("claims.jwt", token(t, one, func(c *claims.Claims[claims.Provider]) {
			c.Metadata.TargetHashes[x64] = strings.ToLower(c.Metadata.TargetHashes[x64])
		})).add(x64+".bin", "one").bytes(), "its bytes are not", ErrHash},
		"a token too long":  {forge(t).add("claims.jwt", strings.Repeat("a", claims.MaxToken+1)).bytes(), `entry "claims.jwt": more than is read`, ErrLimit},
		"trailing text":     {append(slices.Clone(whole), "hello"...), "more after its end", fsx.ErrTrailing},
		"a second archive":  {append(slices.Clone(whole), whole...), "more after its end", fsx.ErrTrailing},
		"after the gzip":    {append(zip(t, whole), "hello"...), "more after its end", fsx.ErrTrailing},
		"a second gzip":     {append(zip(t, whole), zip(t, nil)...), "more after its end", fsx.ErrTrailing},
		"changed gzip":      {flip(zip(t, whole), -6), "decompressing it", nil},
		"no tar":            {[]byte(strings.Repeat("hello, world", 100)), "no tar stream", ErrFormat},
		"no tar compressed": {zip(t, []byte(strings.Repeat("hello, world", 100))), "no tar stream", ErrFormat},
		"one byte":          {[]byte{0x1f}, "it has 1 bytes", ErrFormat},
		"empty":             {nil, "it has 0 bytes", ErrFormat},
		"a changed header":  {flip(signed().add(x64+".bin", "one").bytes(), 1536), `after entry "claims.jwt": damaged`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := Read(t.Context(), bytes.NewReader(tt.archive), Limits{})
			if err == nil || !strings.Contains(err.Error(), tt.want) || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("%+v, %v; want %q", a, err, tt.want)
			}
			// The same by the way that a host takes.
			if _, err := Extract(t.Context(), bytes.NewReader(tt.archive), x64, io.Discard, Limits{}); err == nil {
				t.Error("extracted")
			}
		})
	}
}

func flip(b []byte, at int) []byte {
	b = slices.Clone(b)
	if at < 0 {
		at += len(b)
	}
	b[at] ^= 1
	return b
}

// Sparse files say that they are larger than what is there, in GNU's old form and
// in that of PAX.
func TestSparseFilesAreRefused(t *testing.T) {
	good := token(t, map[string]string{"x86_64-linux": "one"}, nil)
	start := forge(t).add("claims.jwt", good)
	at := start.b.Len() + (512-start.b.Len()%512)%512
	old := start.add("x86_64-linux.bin", "one").bytes()
	old[at+156] = 'S'
	copy(old[at+257:], "ustar  \x00")                    // GNU's
	copy(old[at+386:], "00000000000\x0000000000003\x00") // one piece, from 0, of 3 bytes
	copy(old[at+483:], "00077777777\x00")                // of so many
	sum(old[at : at+512])

	records := "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n30 GNU.sparse.realsize=999999\n"
	pax := forge(t).add("claims.jwt", good).add("x", records).add("x86_64-linux.bin", "1\n0\n3\n"+strings.Repeat("\x00", 506)+"one").bytes()
	pax[at+156] = 'x'
	sum(pax[at : at+512])
	for name, archive := range map[string][]byte{"old": old, "pax": pax} {
		_, err := Read(t.Context(), bytes.NewReader(archive), Limits{})
		if err == nil || !strings.Contains(err.Error(), `entry "x86_64-linux.bin": it is no plain file`) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every archive cut short anywhere is noticed, in either form.
func TestTruncation(t *testing.T) {
	whole := create(t, CreateOptions{Files: []File{file(t, "x86_64-linux", []byte("one")), file(t, "arm-linux", bytes.Repeat([]byte{0}, 600))}})
	for name, archive := range map[string][]byte{"plain": whole, "compressed": zip(t, whole)} {
		read(t, archive)
		for n := range archive {
			if a, err := Read(t.Context(), bytes.NewReader(archive[:n]), Limits{}); err == nil {
				t.Fatalf("%s: the first %d of %d bytes are taken for %+v", name, n, len(archive), a)
			}
		}
	}
}

// Any changed bit of an archive is noticed, but in what no reader looks at.
func TestChangedBytes(t *testing.T) {
	o := CreateOptions{Files: []File{file(t, "x86_64-linux", []byte("one"))}}
	whole := create(t, o)
	want := read(t, whole)
	for i := range whole {
		a, err := Read(t.Context(), bytes.NewReader(flip(whole, i)), Limits{})
		if err == nil && (a.Token != want.Token || !slices.Equal(a.Entries, want.Entries)) {
			t.Errorf("byte %d: %+v", i, a)
		}
	}
}

// Other programs' tars are read: what tar(1), Go, Python and the ancients write.
func TestOrdinaryTars(t *testing.T) {
	long := strings.Repeat("folder/", 40)
	good := token(t, map[string]string{"x86_64-linux": "one", "arm-linux": "two"}, nil)
	for name, format := range map[string]tar.Format{"ustar": tar.FormatUSTAR, "pax": tar.FormatPAX, "gnu": tar.FormatGNU} {
		h := func(name string) tar.Header {
			return tar.Header{Name: name, Mode: 0o644, Uid: 1000, Gname: "users", Format: format}
		}
		prefix := "./"
		if format != tar.FormatUSTAR {
			prefix = long // a name over 100 bytes
		}
		archive := forge(t).header(h("./arm-linux"), "two").header(h("./claims.jwt"), good).header(h(prefix+"x86_64-linux.exe"), "one").bytes()
		padded := append(slices.Clone(archive), make([]byte, 10240)...)
		for _, b := range [][]byte{archive, padded, zip(t, archive)} {
			if a := read(t, b); !slices.Equal(a.Targets(), []string{"arm-linux", "x86_64-linux"}) {
				t.Errorf("%s: %+v", name, a)
			}
		}
	}
	// Before POSIX: no magic, type NUL.
	old := vector(t, "hello.par")
	for at := 0; at < 2*1536; at += 1536 {
		block := old[at : at+512]
		if block[257] == 'u' {
			old = slices.Replace(old, at+257, at+265, make([]byte, 8)...)
			sum(old[at : at+512])
		}
	}
	read(t, old)
}

// sum puts the checksum right.
func sum(header []byte) {
	copy(header[148:156], "        ")
	n := 0
	for _, b := range header {
		n += int(b)
	}
	copy(header[148:], fmt.Sprintf("%06o\x00 ", n))
}

func TestLimits(t *testing.T) {
	o := CreateOptions{Compress: true, Files: []File{file(t, "arm-linux", make([]byte, 1<<20)), file(t, "x86_64-linux", make([]byte, 2<<20))}}
	archive := create(t, o) // three kilobytes of zeros
	if len(archive) > 8<<10 {
		t.Fatalf("%d bytes: no bomb", len(archive))
	}
	for _, tt := range []struct {
		lim  Limits
		want string
	}{
		{Limits{Entries: 3, Entry: 2 << 20, Total: 4 << 20}, ""},
		{Limits{Entries: 2}, `entry "x86_64-linux.bin": more than is read: it is the 3th file`},
		{Limits{Entry: 2<<20 - 1}, `entry "x86_64-linux.bin": more than is read: over 2097151 bytes`},
		{Limits{Total: 3 << 20}, "more than is read: over 3145728 bytes"},
	} {
		a, err := Read(t.Context(), bytes.NewReader(archive), tt.lim)
		if tt.want == "" && err != nil || tt.want != "" && (!errors.Is(err, ErrLimit) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%+v: %+v, %v; want %q", tt.lim, a, err, tt.want)
		}
	}
	// Zeros after the end are counted too, and what an entry without hash holds is not even read.
	tail := append(create(t, CreateOptions{Files: o.Files[:1]}), make([]byte, 4<<20)...)
	if _, err := Read(t.Context(), bytes.NewReader(tail), Limits{Total: 3 << 20}); !errors.Is(err, ErrLimit) {
		t.Errorf("%v", err)
	}
}

func TestReadIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Read(ctx, bytes.NewReader(vector(t, "hello.par.gz")), Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(vector(f, "hello.par"))
	f.Add(vector(f, "hello.par.gz"))
	f.Add(forge(f).add("claims.jwt", token(f, map[string]string{"a": "b"}, nil)).add("a", "b").bytes())
	f.Fuzz(func(t *testing.T, archive []byte) {
		var out bytes.Buffer
		lim := Limits{Total: 1 << 20}
		a, err := Extract(t.Context(), bytes.NewReader(archive), "x86_64-linux", &out, lim)
		if out.Len() > 1<<20 {
			t.Errorf("%d bytes came out", out.Len())
		}
		if err != nil {
			return
		}
		// What is taken has bytes that its issuer signed.
		e, _ := a.Find("x86_64-linux")
		if got := file(t, e.Target, out.Bytes()); got.Hash != a.Claims.Metadata.TargetHashes["x86_64-linux"] {
			t.Errorf("other bytes: %x", archive)
		}
	})
}

func FuzzParseTarget(f *testing.F) {
	for _, s := range []string{"x86_64-linux", "armv7-unknown-linux-gnueabihf", "x86_64-pc-windows-gnu", "-", "a-b-c-d-e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		target, err := ParseTarget(s)
		if err != nil {
			return
		}
		again, err := ParseTarget(string(target))
		if err != nil || again != target || target.GOOS() == "" || target.GOARCH() == "" || TargetOf(target.GOOS(), target.GOARCH()) != target {
			t.Errorf("%q: %s, then %s, %v", s, target, again, err)
		}
	})
}
