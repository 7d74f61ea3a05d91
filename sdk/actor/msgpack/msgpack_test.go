package msgpack_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
)

func TestIntegersKeepTheirValue(t *testing.T) {
	for _, v := range []int64{0, 1, 127, 128, 255, 256, 65535, 65536, math.MaxUint32, math.MaxUint32 + 1, math.MaxInt64,
		-1, -32, -33, -128, -129, -32768, -32769, math.MinInt32, math.MinInt32 - 1, math.MinInt64} {
		b := msgpack.AppendInt(nil, v)
		r := msgpack.NewReader(b)
		if got := r.Int(64); got != v || r.Done() != nil {
			t.Errorf("%d: wrote %x, read %d (%v)", v, b, got, r.Done())
		}
	}
	r := msgpack.NewReader(msgpack.AppendUint(nil, math.MaxUint64))
	if got := r.Uint(64); got != math.MaxUint64 || r.Done() != nil {
		t.Errorf("largest integer: read %d (%v)", got, r.Done())
	}
}

func TestIntegerWidths(t *testing.T) {
	tests := []struct {
		message string
		read    func(*msgpack.Reader) int64
		want    int64
		err     error
	}{
		{"cf0000000000000005", func(r *msgpack.Reader) int64 { return r.Int(8) }, 5, nil}, // wider than needed
		{"d30000000000000005", func(r *msgpack.Reader) int64 { return int64(r.Uint(8)) }, 5, nil},
		{"d1ff80", func(r *msgpack.Reader) int64 { return r.Int(8) }, -128, nil},
		{"d1ff7f", func(r *msgpack.Reader) int64 { return r.Int(8) }, 0, msgpack.ErrRange},
		{"cc80", func(r *msgpack.Reader) int64 { return r.Int(8) }, 0, msgpack.ErrRange},
		{"cd0100", func(r *msgpack.Reader) int64 { return int64(r.Uint(8)) }, 0, msgpack.ErrRange},
		{"ff", func(r *msgpack.Reader) int64 { return int64(r.Uint(64)) }, 0, msgpack.ErrRange},
		{"cfffffffffffffffff", func(r *msgpack.Reader) int64 { return r.Int(64) }, 0, msgpack.ErrRange},
		{"a135", func(r *msgpack.Reader) int64 { return r.Int(64) }, 0, msgpack.ErrType},
	}
	for _, tt := range tests {
		r := reader(t, tt.message)
		if got := tt.read(r); got != tt.want || !errors.Is(r.Err(), tt.err) {
			t.Errorf("%s: got %d, %v; want %d, %v", tt.message, got, r.Err(), tt.want, tt.err)
		}
	}
}

func TestStringsAndBytesOfEverySize(t *testing.T) {
	for _, n := range []int{0, 1, 31, 32, 255, 256, 65535, 65536} {
		s := strings.Repeat("ö", n/2) + strings.Repeat("x", n%2)
		r := msgpack.NewReader(msgpack.AppendBytes(msgpack.AppendString(nil, s), []byte(s)))
		if got := r.String(); got != s {
			t.Errorf("string of %d bytes came back with %d", n, len(got))
		}
		if got := r.Bytes(); string(got) != s || r.Done() != nil {
			t.Errorf("bytes of length %d came back with %d (%v)", n, len(got), r.Done())
		}
	}
}

func TestBytesTakesWhatPeersWrite(t *testing.T) {
	for name, message := range map[string]string{
		"bin 8": "c4026869", "bin 16": "c500026869", "bin 32": "c6000000026869",
		"str (Msgpax)": "a26869", "array of numbers (serde)": "926869", "wide array": "dd000000026869",
	} {
		r := reader(t, message)
		if got := r.Bytes(); string(got) != "hi" || r.Done() != nil {
			t.Errorf("%s: got %q, %v", name, got, r.Done())
		}
	}
}

func TestNilStandsForZero(t *testing.T) {
	r := reader(t, "c0c0c0c0c0c0c0c0")
	r.Map(func(string) { t.Error("nil has no entries") })
	r.Array(func(int) { t.Error("nil has no elements") })
	if r.Bool() || r.Uint(8) != 0 || r.Int(8) != 0 || r.Float() != 0 || r.String() != "" || r.Bytes() != nil || r.Done() != nil {
		t.Errorf("nil was not read as a zero value: %v", r.Done())
	}
}

func TestMapSkipsWhatIsNotRead(t *testing.T) {
	var b []byte
	b = msgpack.AppendMap(b, 8)
	b = msgpack.AppendArray(msgpack.AppendString(b, "array"), 2)
	b = msgpack.AppendMap(msgpack.AppendNil(b), 1)
	b = msgpack.AppendBool(msgpack.AppendString(b, "k"), true)
	b = append(msgpack.AppendString(b, "extension"), 0xc7, 3, 1, 'a', 'b', 'c')
	b = append(msgpack.AppendString(b, "fixed extension"), 0xd5, 1, 'a', 'b')
	b = append(msgpack.AppendString(b, "single"), 0xca, 0x3f, 0x80, 0, 0)
	b = msgpack.AppendFloat(msgpack.AppendString(b, "double"), 1.5)
	b = msgpack.AppendInt(msgpack.AppendString(b, "number"), -70000)
	b = msgpack.AppendBytes(msgpack.AppendString(b, "bytes"), make([]byte, 300))
	b = msgpack.AppendString(msgpack.AppendString(b, "wanted"), "here")
	var got string
	r := msgpack.NewReader(b)
	r.Map(func(key string) {
		if key == "wanted" {
			got = r.String()
		}
	})
	if got != "here" || r.Done() != nil {
		t.Errorf("got %q, %v", got, r.Done())
	}
}

func TestManyMembers(t *testing.T) {
	const n = 70000
	b := msgpack.AppendArray(nil, n)
	for i := range n {
		b = msgpack.AppendUint(b, uint64(i))
	}
	sum, want := uint64(0), uint64(n)*(n-1)/2
	r := msgpack.NewReader(b)
	r.Array(func(int) { sum += r.Uint(32) })
	if sum != want || r.Done() != nil {
		t.Errorf("sum %d, want %d (%v)", sum, want, r.Done())
	}
	m := msgpack.AppendMap(nil, 16)
	for range 16 {
		m = msgpack.AppendFloat(msgpack.AppendString(m, "k"), 0.5)
	}
	total := 0.0
	r = msgpack.NewReader(m)
	r.Map(func(string) { total += r.Float() })
	if total != 8 || r.Done() != nil {
		t.Errorf("total %v, want 8 (%v)", total, r.Done())
	}
}

func TestHostileMessages(t *testing.T) {
	tests := map[string]struct {
		message string
		err     error
	}{
		"nothing":                        {"", msgpack.ErrTruncated},
		"string beyond the end":          {"dbffffffff41", msgpack.ErrTruncated},
		"bin beyond the end":             {"c6ffffffff41", msgpack.ErrTruncated},
		"extension beyond the end":       {"c9ffffffff0041", msgpack.ErrTruncated},
		"array of four thousand million": {"ddffffffffc0", msgpack.ErrTruncated},
		"map of four thousand million":   {"dfffffffffa0c0", msgpack.ErrTruncated},
		"array without its last":         {"92c0", msgpack.ErrTruncated},
		"length cut off":                 {"dd0000", msgpack.ErrTruncated},
		"number cut off":                 {"cf00000000", msgpack.ErrTruncated},
		"code that does not exist":       {"c1", msgpack.ErrType},
		"deeper than a stack":            {strings.Repeat("91", 100000) + "c0", msgpack.ErrDepth},
		"maps deeper than a stack":       {strings.Repeat("81a0", 100000) + "c0", msgpack.ErrDepth},
		"two values":                     {"c0c0", msgpack.ErrTrailing},
	}
	for name, tt := range tests {
		r := reader(t, tt.message)
		r.Skip()
		if err := r.Done(); !errors.Is(err, tt.err) {
			t.Errorf("%s: skipping gives %v, want %v", name, err, tt.err)
		}
	}
	r := reader(t, "dc00ff41")
	if got := r.Bytes(); got != nil || !errors.Is(r.Err(), msgpack.ErrTruncated) {
		t.Errorf("array of fewer numbers than it says: got %x, %v", got, r.Err())
	}
	r = reader(t, "a2fffe")
	if got := r.String(); got != "" || r.Err() == nil {
		t.Errorf("string that is not UTF-8: got %q, %v", got, r.Err())
	}
	for message, read := range map[string]func(*msgpack.Reader){
		"01": func(r *msgpack.Reader) { _ = r.Bool() },
		"c3": func(r *msgpack.Reader) { _ = r.String() },
		"80": func(r *msgpack.Reader) { _ = r.Bytes() },
		"90": func(r *msgpack.Reader) { r.Map(func(string) {}) },
		"a0": func(r *msgpack.Reader) { r.Array(func(int) {}) },
	} {
		r := reader(t, message)
		read(r)
		if !errors.Is(r.Err(), msgpack.ErrType) || !strings.Contains(r.Err().Error(), "0x"+strings.TrimLeft(message, "0")) {
			t.Errorf("%s: error %v", message, r.Err())
		}
	}
}

func TestNothingIsReadAfterAnError(t *testing.T) {
	r := reader(t, "a1350505")
	_ = r.Uint(8)
	if got := r.Uint(8); got != 0 || !errors.Is(r.Done(), msgpack.ErrType) {
		t.Errorf("got %d, %v", got, r.Done())
	}
}

// FuzzReader holds that no message makes the reader panic, loop or read beyond it, and that what it
// takes can be written again and read back.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{"", "c0", "ddffffffffc0", "dfffffffffa0c0", "8291c0", "85a66d6574686f64a3474554a470617468a12fab7175657279537472696e67a0a6686561646572" +
		"80a4626f6479c400", strings.Repeat("91", 70), "c7030161626393cc80d1ff7fcb3ff8000000000000"} {
		b, err := hex.DecodeString(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := msgpack.NewReader(b)
		r.Skip()
		skipped := r.Done()

		r = msgpack.NewReader(b)
		once := copyMap(r)
		if r.Done() != nil {
			return
		}
		if skipped != nil {
			t.Fatalf("read what cannot be skipped: %v", skipped)
		}
		r = msgpack.NewReader(once)
		if twice := copyMap(r); !bytes.Equal(once, twice) || r.Done() != nil {
			t.Fatalf("wrote %x, read it as %x (%v)", once, twice, r.Done())
		}
	})
}

// copyMap reads a map of byte strings and writes it.
func copyMap(r *msgpack.Reader) []byte {
	var body []byte
	n := 0
	r.Map(func(key string) {
		body = msgpack.AppendBytes(msgpack.AppendString(body, key), r.Bytes())
		n++
	})
	return append(msgpack.AppendMap(nil, n), body...)
}

func reader(t *testing.T, message string) *msgpack.Reader {
	t.Helper()
	b, err := hex.DecodeString(message)
	if err != nil {
		t.Fatal(err)
	}
	return msgpack.NewReader(b)
}

// What callers keep is in proportion to the message, however it is made.
func TestHold(t *testing.T) {
	r := msgpack.NewReader(make([]byte, 100))
	r.Hold(1<<20 + 16*100)
	if r.Err() != nil {
		t.Error(r.Err())
	}
	r.Hold(1)
	if !errors.Is(r.Err(), msgpack.ErrMemory) || r.Bool() {
		t.Errorf("one byte more gives %v", r.Err())
	}
}

func TestKeysAreInOrder(t *testing.T) {
	if got := msgpack.Keys(map[string]int{"b": 1, "": 2, "a": 3}); !slices.Equal(got, []string{"", "a", "b"}) {
		t.Errorf("%q", got)
	}
}
