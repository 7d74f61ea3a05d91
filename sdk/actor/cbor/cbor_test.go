package cbor_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/cbor"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/document"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
)

func reader(t *testing.T, message string) *cbor.Reader {
	t.Helper()
	b, err := hex.DecodeString(message)
	if err != nil {
		t.Fatal(err)
	}
	return cbor.NewReader(b)
}

func TestIntegersKeepTheirValue(t *testing.T) {
	for _, v := range []int64{0, 1, 23, 24, 255, 256, 65535, 65536, math.MaxUint32, math.MaxUint32 + 1, math.MaxInt64,
		-1, -24, -25, -128, -129, -32768, -32769, math.MinInt32, math.MinInt32 - 1, math.MinInt64} {
		b := cbor.AppendInt(nil, v)
		r := cbor.NewReader(b)
		if got := r.Int(64); got != v || r.Done() != nil {
			t.Errorf("%d: wrote %x, read %d (%v)", v, b, got, r.Done())
		}
	}
	r := cbor.NewReader(cbor.AppendUint(nil, math.MaxUint64))
	if got := r.Uint(64); got != math.MaxUint64 || r.Done() != nil {
		t.Errorf("largest integer: read %d (%v)", got, r.Done())
	}
}

func TestIntegerWidths(t *testing.T) {
	tests := []struct {
		message string
		read    func(*cbor.Reader) int64
		want    int64
		err     error
	}{
		{"1b0000000000000005", func(r *cbor.Reader) int64 { return r.Int(8) }, 5, nil}, // wider than needed
		{"387f", func(r *cbor.Reader) int64 { return r.Int(8) }, -128, nil},
		{"3880", func(r *cbor.Reader) int64 { return r.Int(8) }, 0, msgpack.ErrRange},
		{"1880", func(r *cbor.Reader) int64 { return r.Int(8) }, 0, msgpack.ErrRange},
		{"190100", func(r *cbor.Reader) int64 { return int64(r.Uint(8)) }, 0, msgpack.ErrRange},
		{"20", func(r *cbor.Reader) int64 { return int64(r.Uint(64)) }, 0, msgpack.ErrRange},
		{"1bffffffffffffffff", func(r *cbor.Reader) int64 { return r.Int(64) }, 0, msgpack.ErrRange},
		{"3bffffffffffffffff", func(r *cbor.Reader) int64 { return r.Int(64) }, 0, msgpack.ErrRange},
		{"6135", func(r *cbor.Reader) int64 { return r.Int(64) }, 0, msgpack.ErrType},
	}
	for _, tt := range tests {
		r := reader(t, tt.message)
		if got := tt.read(r); got != tt.want || !errors.Is(r.Err(), tt.err) {
			t.Errorf("%s: got %d, %v; want %d, %v", tt.message, got, r.Err(), tt.want, tt.err)
		}
	}
}

// Examples of RFC 8949, appendix A, and lengths that are left open.
func TestFormsOfOthers(t *testing.T) {
	for message, want := range map[string]float64{
		"f90000": 0, "f98000": math.Copysign(0, -1), "f93c00": 1, "f97bff": 65504, "f90001": 5.960464477539063e-8, "f90400": 0.00006103515625, "f9c400": -4,
		"f97c00": math.Inf(1), "f9fc00": math.Inf(-1), "fa47c35000": 100000, "fb3ff199999999999a": 1.1, "18c8": 200, "29": -10, "c11a514b67b0": 1363896240,
	} {
		r := reader(t, message)
		if got := r.Float(); math.Float64bits(got) != math.Float64bits(want) || r.Done() != nil {
			t.Errorf("%s: %v, want %v (%v)", message, got, want, r.Done())
		}
	}
	if r := reader(t, "f97e00"); !math.IsNaN(r.Float()) {
		t.Error("not a number is one")
	}
	for message, want := range map[string]string{"6161": "a", "62c3bc": "ü", "7f657374726561646d696e67ff": "streaming", "5f41614162ff": "ab", "d8206161": "a", "f6": "", "f7": "", "7fff": ""} {
		r := reader(t, message)
		if got := r.String(); got != want || r.Done() != nil {
			t.Errorf("%s: %q, want %q (%v)", message, got, want, r.Done())
		}
	}
	for _, message := range []string{"420102", "820102", "9f0102ff", "5f41014102ff", "62010" + "2"} {
		r := reader(t, message)
		if got := r.Bytes(); !bytes.Equal(got, []byte{1, 2}) || r.Done() != nil {
			t.Errorf("%s: %x (%v)", message, got, r.Done())
		}
	}
	r := reader(t, "bf61618201"+"02"+"6162f5ff")
	keys := ""
	r.Map(func(key string) { keys += key })
	if keys != "ab" || r.Done() != nil {
		t.Errorf("%q, %v", keys, r.Done())
	}
}

func TestSkip(t *testing.T) {
	for _, message := range []string{"00", "3bffffffffffffffff", "f4", "f6", "f7", "f818", "f93c00", "fb3ff199999999999a", "43010203", "63616263", "5f41014102ff",
		"83010203", "9f018202039f0405ffff", "a26161016162820203", "bf6161019f02ff03ff", "c074323031332d30332d32315432303a30343a30305a", "9fff", "bfff"} {
		r := reader(t, "82"+message+"05")
		var after uint64
		r.Array(func(i int) {
			if i == 1 {
				after = r.Uint(8)
			}
		})
		if after != 5 || r.Done() != nil {
			t.Errorf("%s: %d, %v", message, after, r.Done())
		}
	}
}

func TestHostileMessages(t *testing.T) {
	tests := map[string]struct {
		message string
		err     error
	}{
		"nothing":                        {"", msgpack.ErrTruncated},
		"string beyond the end":          {"7affffffff41", msgpack.ErrTruncated},
		"bytes of 2^64":                  {"5bffffffffffffffff41", msgpack.ErrTruncated},
		"array of four thousand million": {"9affffffff00", msgpack.ErrTruncated},
		"map of 2^64":                    {"bbffffffffffffffff6000", msgpack.ErrTruncated},
		"array without its last":         {"8200", msgpack.ErrTruncated},
		"open array without an end":      {"9f00", msgpack.ErrTruncated},
		"open map without an end":        {"bf6000", msgpack.ErrTruncated},
		"open map that ends at a key":    {"bf60ff", msgpack.ErrType},
		"open string without an end":     {"7f6161", msgpack.ErrTruncated},
		"open string of numbers":         {"7f01ff", msgpack.ErrType},
		"open strings in each other":     {strings.Repeat("7f", 100000), msgpack.ErrType},
		"length cut off":                 {"9a0000", msgpack.ErrTruncated},
		"end of nothing":                 {"ff", msgpack.ErrType},
		"open number":                    {"1f", msgpack.ErrType},
		"code that does not exist":       {"1c", msgpack.ErrType},
		"tags without an end":            {strings.Repeat("c1", 100000), msgpack.ErrTruncated},
		"deeper than a stack":            {strings.Repeat("81", 100000) + "00", msgpack.ErrDepth},
		"open and deeper than a stack":   {strings.Repeat("9f", 100000), msgpack.ErrDepth},
		"maps deeper than a stack":       {strings.Repeat("a160", 100000) + "00", msgpack.ErrDepth},
		"two values":                     {"0000", msgpack.ErrTrailing},
	}
	for name, tt := range tests {
		r := reader(t, tt.message)
		r.Skip()
		if err := r.Done(); !errors.Is(err, tt.err) {
			t.Errorf("%s: skipping gives %v, want %v", name, err, tt.err)
		}
	}
	for message, read := range map[string]func(*cbor.Reader){
		"01":     func(r *cbor.Reader) { _ = r.Bool() },
		"f5":     func(r *cbor.Reader) { _ = r.String() },
		"a0":     func(r *cbor.Reader) { _ = r.Bytes() },
		"80":     func(r *cbor.Reader) { r.Map(func(string) {}) },
		"60":     func(r *cbor.Reader) { r.Array(func(int) {}) },
		"61":     func(r *cbor.Reader) { _ = r.Float() },
		"820100": func(r *cbor.Reader) { r.Variant(func(int) bool { return false }) },
		"8100":   func(r *cbor.Reader) { r.Variant(func(int) bool { return true }) },
		"9f0000": func(r *cbor.Reader) { r.Variant(func(int) bool { return true }) },
		"61ff":   func(r *cbor.Reader) { _ = r.String() },
	} {
		r := reader(t, message)
		read(r)
		if r.Err() == nil {
			t.Errorf("%s is taken", message)
		}
	}
}

func TestTimes(t *testing.T) {
	for _, want := range []time.Time{{}, time.Unix(0, 0).UTC(), time.Unix(-1, 999_999_999).UTC(), time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)} {
		r := cbor.NewReader(cbor.AppendTime(nil, want.Unix(), want.Nanosecond()))
		m := msgpack.NewReader(msgpack.AppendTime(nil, want.Unix(), want.Nanosecond()))
		if a, b := time.Unix(r.Time()).UTC(), time.Unix(m.Time()).UTC(); a != want || b != want || r.Done() != nil || m.Done() != nil {
			t.Errorf("%v: %v and %v (%v, %v)", want, a, b, r.Done(), m.Done())
		}
	}
	for _, b := range [][]byte{
		cbor.AppendUint(cbor.AppendInt(nil, math.MaxInt64), 0), cbor.AppendUint(cbor.AppendInt(nil, -62135596801), 0), cbor.AppendUint(cbor.AppendInt(nil, 0), 1_000_000_000),
	} {
		r := cbor.NewReader(b)
		if got := time.Unix(r.Time()); !got.IsZero() || !errors.Is(r.Err(), msgpack.ErrRange) {
			t.Errorf("%x: %v, %v", b, got, r.Err())
		}
	}
}

func TestFormatsAreToldApart(t *testing.T) {
	str := func(b []byte) (s string, err error) {
		err = cbor.Read(b, func(r *cbor.Reader) { s = r.String() }, func(r *msgpack.Reader) { s = r.String() })
		return s, err
	}
	for message, spoken := range map[string]bool{"\x7f\x61a": true, "\xa1a": false, "\xc1\xa1a": false} {
		if s, err := str([]byte(message)); s != "a" || err != nil || cbor.Spoken([]byte(message)) != spoken {
			t.Errorf("%q: %q, %v", message, s, err)
		}
	}
	for _, message := range []string{"", "\x7f", "\x05\x61a", "\xc0\xa1a", "\xc1", "\x7f\xa1a"} {
		if s, err := str([]byte(message)); err == nil {
			t.Errorf("%q is taken: %q", message, s)
		}
	}
	if !cbor.Spoken(nil) || cbor.Spoken([]byte{0x7f}) {
		t.Error("what is empty is answered in CBOR; one byte is MessagePack")
	}
}

// FuzzDocument holds that what is taken for a document is written so that it is read again, in both
// formats, and that no bytes take far more memory than they are.
func FuzzDocument(f *testing.F) {
	v := document.Object{"a": document.Array{document.Int(-1), document.Uint(1), document.Float(0.5), document.Blob{1, 2}, document.String("s"), document.Bool(true), nil}}
	f.Add(cbor.AppendDocument(nil, v))
	f.Add(msgpack.AppendDocument(nil, v))
	f.Add([]byte(strings.Repeat("\x82\x02\x81", 40)))
	f.Fuzz(func(t *testing.T, b []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c, m := cbor.NewReader(b), msgpack.NewReader(b)
		inCbor, inMsgpack := c.Document(), m.Document()
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20+uint64(300*len(b)) {
			t.Errorf("%d bytes took %d", len(b), took)
		}
		if c.Done() == nil {
			sameDocument(t, inCbor)
		}
		if m.Done() == nil {
			sameDocument(t, inMsgpack)
		}
	})
}

func sameDocument(t *testing.T, v document.Value) {
	t.Helper()
	once := cbor.AppendDocument(nil, v)
	r := cbor.NewReader(once)
	got := r.Document()
	if twice := cbor.AppendDocument(nil, got); r.Done() != nil || !bytes.Equal(once, twice) {
		t.Errorf("CBOR: %v came back as %v (%v)", v, got, r.Done())
	}
	m := msgpack.NewReader(msgpack.AppendDocument(nil, v))
	got = m.Document()
	if errors.Is(m.Done(), msgpack.ErrDepth) { // a level of it is two there
		return
	}
	if twice := cbor.AppendDocument(nil, got); m.Done() != nil || !bytes.Equal(once, twice) {
		t.Errorf("MessagePack: %v came back as %v (%v)", v, got, m.Done())
	}
}

func TestDocuments(t *testing.T) {
	for _, v := range []document.Value{nil, document.Object{}, document.Array{}, document.Blob(nil), document.Int(-1), document.Uint(math.MaxUint64), document.String("")} {
		r := cbor.NewReader(cbor.AppendDocument(nil, v))
		if got := r.Document(); !reflect.DeepEqual(got, v) || r.Done() != nil {
			t.Errorf("%#v came back as %#v (%v)", v, got, r.Done())
		}
		sameDocument(t, v)
	}
}
