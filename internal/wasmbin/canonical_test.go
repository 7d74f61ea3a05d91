package wasmbin

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func canonicalOf(t testing.TB, in []byte) ([]byte, Info) {
	t.Helper()
	var out bytes.Buffer
	info, err := Canonical(&out, bytes.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	if info.Size != int64(out.Len()) || info.Read != int64(len(in)) {
		t.Errorf("says %d read and %d written; it was %d and %d", info.Read, info.Size, len(in), out.Len())
	}
	return out.Bytes(), info
}

const (
	// Hashed by an independent implementation: a type section with a padded size, and a custom section x.
	paddedModule   = "0061736d01000000 01 84808080 00 01600000 00 03 0178aa"
	unpaddedModule = "0061736d01000000 01 04 01600000 00 03 0178aa"
	paddedHash     = "2570CD73726D668454123AA26053925834918A1472D673AC277860EB7902FC5C"

	// Made by hand: a component with a module (padded, signed inside), a component
	// that holds another module, a signature, and a section whose name's length is
	// padded, which stays as it is.
	component = "0061736d0d000100" +
		"01 9c80808000" + signedInside +
		"04 ac00 0061736d0d000100 01 9c00" + signedInside + "00 03 0178aa" +
		"00 06 036a7774 2e2e" +
		"00 8400 810079bb"
	signedInside       = "0061736d01000000 01 84808080 00 01600000 00 87 00 036a7774 616263"
	canonicalComponent = "0061736d0d000100 010e0061736d01000000010401600000041d0061736d0d000100010e0061736d0100000001040160000000030178aa0004810079bb"
	componentHash      = "2A39F738BC44A6AF384AE31C1AC0C2E9358DBCCB99D8C9DD6093A3A55D32C4E0"
)

func TestCanonicalVectors(t *testing.T) {
	empty, err := os.ReadFile("testdata/empty.wasm")
	if err != nil {
		t.Fatal(err)
	}
	padded, err := os.ReadFile("testdata/padded-leb.wasm")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		in           []byte
		want, hash   string
		token        string
		legacy, comp bool
	}{
		"empty":          {empty, "0061736d01000000", "93A44BBB96C751218E4C00D479E4C14358122A389ACCA16205B1E4D0DC5F9476", "", false, false},
		"padded by wash": {padded, "0061736d01000000 010401600000", "968E98ACD3E2898569441C1769845BC3AD79616458FFCD1CCE35FADB48FF7381", "", false, false},
		"padded":         {unhex(t, paddedModule), unpaddedModule, paddedHash, "", false, false},
		"signed":         {unhex(t, unpaddedModule+"00 10 0d"+hex.EncodeToString([]byte("wasmcloud_jwt"))+"6162"), unpaddedModule, paddedHash, "ab", false, false},
		"legacy, first":  {unhex(t, "0061736d01000000 00 05 036a7774 61 0104 01600000 00 03 0178aa"), unpaddedModule, paddedHash, "a", true, false},
		"component":      {unhex(t, component), canonicalComponent, componentHash, "..", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			out, info := canonicalOf(t, tt.in)
			if !bytes.Equal(out, unhex(t, tt.want)) {
				t.Errorf("got  %x\nwant %s", out, tt.want)
			}
			if info.Hash != tt.hash || info.Token != tt.token || info.Legacy != tt.legacy || (info.Format == Component) != tt.comp {
				t.Errorf("%+v", info)
			}
			again, info2 := canonicalOf(t, out)
			if !bytes.Equal(again, out) || info2.Hash != info.Hash || info2.Tokens != 0 {
				t.Error("the canonical form of the canonical form is another")
			}
		})
	}
}

func TestWashSignedFilesComeApartAndTogether(t *testing.T) {
	for _, name := range []string{"empty", "padded-leb"} {
		signed, err := os.ReadFile("testdata/" + name + "_s.wasm")
		if err != nil {
			t.Fatal(err)
		}
		plain, err := os.Open("testdata/" + name + ".wasm")
		if err != nil {
			t.Fatal(err)
		}
		defer plain.Close()
		_, info := canonicalOf(t, signed)
		var out bytes.Buffer
		_, digest, err := Embed(&out, plain, TokenSection, func(Info) (string, error) { return info.Token, nil })
		if err != nil || !bytes.Equal(out.Bytes(), signed) || !strings.HasPrefix(digest, "sha256:") {
			t.Errorf("%s: %v, digest %s, %d bytes", name, err, digest, out.Len())
		}
	}
}

func TestTwoTokensAreCounted(t *testing.T) {
	for _, names := range [][]string{{"jwt", "jwt"}, {"jwt", "wasmcloud_jwt"}, {"wasmcloud_jwt", "wasmcloud_jwt", "jwt"}} {
		in := bytes.NewBuffer(unhex(t, "0061736d01000000"))
		for _, name := range names {
			if err := AppendCustom(in, name, []byte(name)); err != nil {
				t.Fatal(err)
			}
		}
		if _, info := canonicalOf(t, in.Bytes()); info.Tokens != len(names) || info.Token != names[0] {
			t.Errorf("%v: %+v", names, info)
		}
	}
}

func TestHostileBinaries(t *testing.T) {
	deep := "0061736d0d000100"
	body := unhex(t, deep)
	for range 20 {
		body = append(append(unhex(t, deep), AppendUint([]byte{SectionComponent}, uint32(len(body)))...), body...)
	}
	for name, tt := range map[string]struct {
		in   []byte
		want string
	}{
		"nothing":               {nil, "takes 8 bytes, there are 0"},
		"half a header":         {unhex(t, "0061736d01"), "there are 5"},
		"no wasm":               {[]byte("#!/bin/sh\necho"), "begins with 00 61 73 6d"},
		"gzip":                  {unhex(t, "1f8b08000000000000ff"), "begins with 1f 8b"},
		"other version":         {unhex(t, "0061736d02000000"), "version 02 00 00 00"},
		"id without a size":     {unhex(t, "0061736d01000000 0a"), "it ends within the size"},
		"half a size":           {unhex(t, "0061736d01000000 0a80"), "it ends within the size"},
		"size of six bytes":     {unhex(t, "0061736d01000000 0a 808080808000"), "longer than 32 bits"},
		"size of 33 bits":       {unhex(t, "0061736d01000000 0a ffffffff1f"), "longer than 32 bits"},
		"4 GiB":                 {unhex(t, "0061736d01000000 0a ffffffff0f 0102"), "lacks its last 4294967293 bytes"},
		"4 GiB custom":          {unhex(t, "0061736d01000000 00 ffffffff0f 0178"), "lacks its last 4294967293 bytes"},
		"4 GiB name":            {unhex(t, "0061736d01000000 00 ffffffff0f ffffff7f 78"), "has a name of 268435455 bytes"},
		"4 GiB token":           {unhex(t, "0061736d01000000 00 ffffffff0f 036a7774 78"), "at most 262144 are read"},
		"truncated token":       {unhex(t, "0061736d01000000 00 808001 036a7774 78"), "lacks its last"},
		"name beyond section":   {unhex(t, "0061736d01000000 00 02 0578"), "has a name of 5 bytes"},
		"custom without a name": {unhex(t, "0061736d01000000 00 00"), "it ends within the name"},
		"half a name length":    {unhex(t, "0061736d01000000 00 01 80"), "it ends within the name"},
		"name not UTF-8":        {unhex(t, "0061736d01000000 00 03 02ff fe"), "not UTF-8"},
		"unknown section":       {unhex(t, "0061736d01000000 0e 00"), "section id 14"},
		"unknown in component":  {unhex(t, "0061736d0d000100 0d 00"), "section id 13"},
		"nested nonsense":       {unhex(t, "0061736d0d000100 01 04 01020304"), "takes 8 bytes, there are 4"},
		"module as component":   {unhex(t, "0061736d0d000100 04 08 0061736d01000000"), "a nested module where a component is wanted"},
		"nested truncated":      {unhex(t, "0061736d0d000100 01 0a 0061736d01000000 0a05"), "lacks its last 5 bytes"},
		"too deep":              {body, "nested deeper than 16"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Canonical(io.Discard, bytes.NewReader(tt.in))
			var format *FormatError
			if !errors.As(err, &format) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v; want %q", err, tt.want)
			}
		})
	}
}

// Every prefix of a binary is refused, unless it ends where a section does.
func TestTruncated(t *testing.T) {
	for _, tt := range []struct {
		text string
		ends []int // where sections end
	}{{paddedModule, []int{8, 18}}, {component, []int{8, 42, 89, 97}}} {
		in := unhex(t, tt.text)
		for n := range in {
			_, err := Canonical(io.Discard, bytes.NewReader(in[:n]))
			var format *FormatError
			if err != nil && !errors.As(err, &format) {
				t.Errorf("%d bytes: %v", n, err)
			}
			if ends := slices.Contains(tt.ends, n); ends != (err == nil) {
				t.Errorf("%d bytes: %v", n, err)
			}
		}
	}
}

func TestRandomBytesAreRefused(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		in := unhex(t, "0061736d01000000")
		for range 40 + random.IntN(100) {
			in = append(in, byte(random.Uint32()))
		}
		if _, err := Canonical(io.Discard, bytes.NewReader(in)); err == nil {
			t.Errorf("accepted %x", in)
		}
	}
}

// zeros is an endless input that keeps nothing.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func largeModule(size uint32) io.Reader {
	head := append([]byte("\x00asm\x01\x00\x00\x00\x0b"), paddedUint(size, 5)...)
	return io.MultiReader(bytes.NewReader(head), io.LimitReader(zeros{}, int64(size)))
}

func TestMemoryDoesNotGrowWithTheModule(t *testing.T) {
	allocated := func(size uint32) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := Canonical(io.Discard, largeModule(size)); err != nil {
			t.Fatal(err)
		}
		if _, err := Rewrite(io.Discard, io.LimitReader(largeModule(1<<20), 8), Edit{Strip: true}); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	small, large := allocated(1<<10), allocated(64<<20)
	if large > small+(256<<10) {
		t.Errorf("64 MiB took %d bytes of memory, 1 KiB %d", large, small)
	}
}

// A component's large module goes through a temporary file, which is gone after.
func TestLargeNestedModuleIsSpooled(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	const size = 5 << 20
	var inner bytes.Buffer
	if _, err := io.Copy(&inner, largeModule(size)); err != nil {
		t.Fatal(err)
	}
	in := append(unhex(t, "0061736d0d000100 01"), AppendUint(nil, uint32(inner.Len()))...)
	out, info := canonicalOf(t, append(in, inner.Bytes()...))
	if len(out) != 8+1+4+8+1+4+size || info.Format != Component {
		t.Errorf("%d bytes, %+v", len(out), info)
	}
	if left, _ := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

type failing struct{ after int }

func (f *failing) Write(p []byte) (int, error) {
	if f.after -= len(p); f.after < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestWriteErrorsAreReturned(t *testing.T) {
	for _, text := range []string{paddedModule, component} {
		in := unhex(t, text)
		_, info := canonicalOf(t, in)
		for n := range int(info.Size) {
			if _, err := Canonical(&failing{n}, bytes.NewReader(in)); !errors.Is(err, io.ErrShortWrite) {
				t.Errorf("%d bytes written: %v", n, err)
			}
			if _, _, err := Embed(&failing{n}, bytes.NewReader(in), "x", func(Info) (string, error) { return "", nil }); !errors.Is(err, io.ErrShortWrite) {
				t.Errorf("embed, %d bytes written: %v", n, err)
			}
		}
	}
}

func seeds(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.wasm")
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(unhex(f, paddedModule))
	f.Add(unhex(f, component))
	f.Add(actorModule().bytes())
}

func FuzzCanonical(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		var once, twice bytes.Buffer
		info, err := Canonical(&once, bytes.NewReader(in))
		if err != nil {
			return
		}
		if info.Digest != "" && info.Digest != fmt.Sprintf("sha256:%x", sha256.Sum256(in)) {
			t.Errorf("%x has another digest than %s", in, info.Digest)
		}
		again, err := Canonical(&twice, bytes.NewReader(once.Bytes()))
		if err != nil || !bytes.Equal(once.Bytes(), twice.Bytes()) || again.Hash != info.Hash || again.Tokens != 0 || once.Len() > len(in) {
			t.Errorf("%x\n→ %x\n→ %x (%v)", in, once.Bytes(), twice.Bytes(), err)
		}
	})
}

// A digest that is not of these bytes would let one file pass for another.
func TestOneHashGivesTheDigestWhereNothingWasDropped(t *testing.T) {
	var plain, signed bytes.Buffer
	if _, err := Canonical(&plain, bytes.NewReader(actorModule().bytes())); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Embed(&signed, bytes.NewReader(plain.Bytes()), TokenSection, func(Info) (string, error) { return "t.o.k", nil }); err != nil {
		t.Fatal(err)
	}
	custom := func(name, data string) []byte {
		var b bytes.Buffer
		if err := AppendCustom(&b, name, []byte(data)); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	for _, tt := range []struct {
		name string
		in   []byte
		want bool
	}{
		{"unsigned", plain.Bytes(), true},
		{"signed at the end", signed.Bytes(), true},
		{"signed in the old section", join(plain.Bytes(), custom(LegacySection, "t.o.k")), true},
		{"padded", unhex(t, paddedModule), false},
		{"a section after the token", join(signed.Bytes(), custom("note", "")), false},
		{"two tokens", join(signed.Bytes(), custom(LegacySection, "t.o.k")), false},
		{"a padded token section", join(plain.Bytes(), []byte("\x00\x87\x00\x03jwtt.o")), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			info, err := Canonical(io.Discard, bytes.NewReader(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			want := ""
			if tt.want {
				want = fmt.Sprintf("sha256:%x", sha256.Sum256(tt.in))
			}
			if info.Digest != want {
				t.Errorf("digest %q, want %q", info.Digest, want)
			}
		})
	}
}

func BenchmarkCanonical60MiB(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(60 << 20)
	for b.Loop() {
		if _, err := Canonical(io.Discard, largeModule(60<<20)); err != nil {
			b.Fatal(err)
		}
	}
}
