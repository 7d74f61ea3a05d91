package wasmbin

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// builder makes modules section by section.
type builder struct{ sections [][]byte }

func (b *builder) section(id byte, body string) *builder {
	b.sections = append(b.sections, append(append([]byte{id}, paddedUint(uint32(len(body)), 5)...), body...))
	return b
}

func (b *builder) custom(name, data string) *builder {
	return b.section(SectionCustom, string(AppendUint(nil, uint32(len(name))))+name+data)
}

func (b *builder) bytes() []byte {
	return append([]byte("\x00asm\x01\x00\x00\x00"), bytes.Join(b.sections, nil)...)
}

// actorModule is what a Go compiler writes, in small: _initialize, no _start.
func actorModule() *builder {
	b := &builder{}
	return b.section(SectionType, "\x02\x60\x02\x7f\x7f\x00\x60\x02\x7f\x7f\x01\x7f").
		section(SectionImport, "\x01\x07wasmbus\x0f__guest_request\x00\x00").
		section(SectionFunction, "\x02\x01\x01").
		section(SectionMemory, "\x01\x00\x01").
		section(SectionExport, "\x03\x0b_initialize\x00\x01\x0c__guest_call\x00\x02\x06memory\x02\x00").
		section(SectionCode, "\x02\x04\x00\x41\x01\x0b\x04\x00\x41\x01\x0b").
		section(SectionData, "\x01\x00\x41\x00\x0b\x13wasmcloud:keyvalue\x00").
		custom("name", "n").custom("producers", "p").custom(".debug_info", "d").custom("go:buildid", "b").custom("keep", "k")
}

func rewrite(t testing.TB, in []byte, e Edit) ([]byte, *Summary) {
	t.Helper()
	var out bytes.Buffer
	sum, err := Rewrite(&out, bytes.NewReader(in), e)
	if err != nil {
		t.Fatal(err)
	}
	if sum.Size != int64(out.Len()) || sum.Read != int64(len(in)) {
		t.Errorf("says %d read and %d written; it was %d and %d", sum.Read, sum.Size, len(in), out.Len())
	}
	return out.Bytes(), sum
}

func TestSummary(t *testing.T) {
	_, sum := rewrite(t, actorModule().bytes(), Edit{})
	if want := (Import{"wasmbus", "__guest_request", Func, "(i32, i32) -> ()"}); len(sum.Imports) != 1 || sum.Imports[0] != want {
		t.Errorf("imports %+v", sum.Imports)
	}
	call, ok := sum.Export("__guest_call")
	if want := (Export{"__guest_call", Func, "(i32, i32) -> (i32)", 2}); !ok || call != want {
		t.Errorf("export %+v", call)
	}
	if !slices.Equal(sum.Contracts, []string{"wasmcloud:keyvalue"}) || len(sum.Features) != 0 || len(sum.Customs) != 5 || sum.Signed() {
		t.Errorf("%+v", sum)
	}
}

func TestAlias(t *testing.T) {
	edit := Edit{Aliases: []Alias{{"_start", "_initialize"}, {"other", "none"}, {"memory2", "memory"}, {"memory", "_initialize"}}}
	out, sum := rewrite(t, actorModule().bytes(), edit)
	if !slices.Equal(sum.Aliased, []string{"_start"}) {
		t.Errorf("aliased %q", sum.Aliased)
	}
	again, sum := rewrite(t, out, edit)
	start, ok := sum.Export("_start")
	initialize, _ := sum.Export("_initialize")
	if !ok || start.Index != initialize.Index || start.Kind != Func || len(sum.Exports) != 4 {
		t.Errorf("exports %+v", sum.Exports)
	}
	if !bytes.Equal(again, out) || len(sum.Aliased) != 0 {
		t.Error("fixing twice is not fixing once")
	}
	// Everything else is as it was, but for the sizes.
	plain, _ := rewrite(t, actorModule().bytes(), Edit{})
	if want := len(plain) + len("\x06_start\x00\x01"); len(out) != want {
		t.Errorf("%d bytes; want %d", len(out), want)
	}
	if c, _ := canonicalOf(t, actorModule().bytes()); !bytes.Equal(c, plain) {
		t.Error("rewriting without a change is not the canonical form")
	}
}

func TestStrip(t *testing.T) {
	out, sum := rewrite(t, actorModule().bytes(), Edit{Strip: true})
	var dropped []string
	for _, c := range sum.Customs {
		if c.Dropped {
			dropped = append(dropped, c.Name)
		}
	}
	if want := []string{"name", "producers", ".debug_info", "go:buildid"}; !slices.Equal(dropped, want) {
		t.Errorf("dropped %q; want %q", dropped, want)
	}
	if _, sum := rewrite(t, out, Edit{}); len(sum.Customs) != 1 || sum.Customs[0].Name != "keep" {
		t.Errorf("kept %+v", sum.Customs)
	}
}

func TestFeatures(t *testing.T) {
	for name, tt := range map[string]struct {
		module *builder
		want   string
	}{
		"none":               {actorModule(), ""},
		"memory64":           {(&builder{}).section(SectionMemory, "\x01\x04\x01"), "memory64"},
		"memory64, imported": {(&builder{}).section(SectionImport, "\x01\x01e\x01m\x02\x05\x80\x80\x04\x80\x80\x08"), "memory64"},
		"shared":             {(&builder{}).section(SectionMemory, "\x01\x03\x01\x02"), "threads (shared memory)"},
		"page size":          {(&builder{}).section(SectionMemory, "\x01\x08\x01\x00"), "custom page sizes"},
		"two memories":       {(&builder{}).section(SectionMemory, "\x02\x00\x01\x00\x01"), "multi-memory"},
		"tags":               {(&builder{}).section(SectionTag, "\x01\x00\x00"), "exceptions"},
		"tag import":         {(&builder{}).section(SectionImport, "\x01\x01e\x01t\x04\x00\x00"), "exceptions"},
		"structs":            {(&builder{}).section(SectionType, "\x01\x5f\x00"), "gc"},
		"rec group":          {(&builder{}).section(SectionType, "\x01\x4e\x00"), "gc"},
		"typed reference":    {(&builder{}).section(SectionType, "\x01\x60\x01\x64\x00\x00"), "typed function references"},
		"anyref":             {(&builder{}).section(SectionType, "\x01\x60\x01\x6e\x00"), "gc"},
		"exnref":             {(&builder{}).section(SectionType, "\x01\x60\x01\x69\x00"), "exceptions"},
		"table with init":    {(&builder{}).section(SectionTable, "\x01\x40\x00\x70\x00\x01\xd0\x70\x0b"), "typed function references"},
		"simd, references":   {(&builder{}).section(SectionType, "\x01\x60\x03\x7b\x70\x6f\x02\x7c\x7d"), ""},
		"target_features":    {(&builder{}).custom("target_features", "\x04+\x09tail-call+\x08sign-ext-\x07atomics+\x12exception-handling"), "tail calls,exceptions"},
	} {
		t.Run(name, func(t *testing.T) {
			_, sum := rewrite(t, tt.module.bytes(), Edit{})
			if got := strings.Join(sum.Features, ","); got != tt.want {
				t.Errorf("features %q; want %q", got, tt.want)
			}
		})
	}
}

func TestBrokenTables(t *testing.T) {
	for name, module := range map[string]*builder{
		"type count":      (&builder{}).section(SectionType, "\x02\x60\x00\x00"),
		"type that ends":  (&builder{}).section(SectionType, "\x01\x60\x01"),
		"no such type":    (&builder{}).section(SectionType, "\x01\x60\x01\x01\x00"),
		"left over":       (&builder{}).section(SectionType, "\x00\x00"),
		"4 G of exports":  (&builder{}).section(SectionExport, "\xff\xff\xff\xff\x0f"),
		"export kind":     (&builder{}).section(SectionExport, "\x01\x01a\x07\x00"),
		"import kind":     (&builder{}).section(SectionImport, "\x01\x01a\x01b\x07\x00"),
		"name too long":   (&builder{}).section(SectionImport, "\x01\xff\xff\xff\xff\x0fa"),
		"name not UTF-8":  (&builder{}).section(SectionImport, "\x01\x01\xff\x01b\x00\x00"),
		"limits":          (&builder{}).section(SectionMemory, "\x01\x80\x01"),
		"limits too long": (&builder{}).section(SectionMemory, "\x01\x00\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Rewrite(io.Discard, bytes.NewReader(module.bytes()), Edit{})
			var format *FormatError
			if !errors.As(err, &format) {
				t.Errorf("%v", err)
			}
		})
	}
}

// A contract id is found wherever the reading happens to be cut.
func TestContractsAcrossPieces(t *testing.T) {
	text := "xwasmcloud:keyvalue\x00wasmwasmcloud:wasmcloud:a:b:\xffwasmcloud:Xwasmcloud:" + strings.Repeat("x", 200) + "wasmcloud:httpserver"
	want := []string{"wasmcloud:a:b", "wasmcloud:httpserver", "wasmcloud:keyvalue", "wasmcloud:wasmcloud:a:b"}
	want = want[1:]
	for size := 1; size <= len(text); size++ {
		f := newFinder()
		for rest := text; rest != ""; {
			n := min(size, len(rest))
			if _, err := io.WriteString(f, rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if got := f.contracts(); !slices.Equal(got, want) {
			t.Fatalf("in pieces of %d: %q; want %q", size, got, want)
		}
	}
}

func FuzzRewrite(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		edit := Edit{Strip: true, Aliases: []Alias{{"_start", "_initialize"}}}
		var once, twice bytes.Buffer
		if _, err := Rewrite(&once, bytes.NewReader(in), edit); err != nil {
			return
		}
		sum, err := Rewrite(&twice, bytes.NewReader(once.Bytes()), edit)
		if err != nil || !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Errorf("%x\n→ %x\n→ %x (%v)", in, once.Bytes(), twice.Bytes(), err)
		}
		if err == nil && len(sum.Aliased) > 0 {
			t.Errorf("aliased twice: %x", in)
		}
	})
}
