package cbor

import (
	"math"
	"unicode/utf8"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/document"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/internal/wire"
)

// Reader reads one message, after the byte that Begin writes. It is what msgpack.Reader is for
// MessagePack, with the same errors. Tags are passed over; lengths may be left open.
type Reader struct{ in wire.Input }

// NewReader reads b, which it does not change or keep beyond its own life.
func NewReader(b []byte) *Reader { return &Reader{wire.New(b)} }

// Err is what stopped the reader, or nil.
func (r *Reader) Err() error { return r.in.Err() }

// Done is Err, or an error if there is more to be read.
func (r *Reader) Done() error { return r.in.Done() }

// Hold counts size bytes that the caller takes for a value beside those that Readers give.
func (r *Reader) Hold(size int) { r.in.Hold(size) }

// Nil takes a null if it is next, and says whether it was.
func (r *Reader) Nil() bool {
	if c, ok := r.in.Peek(); !ok || c != null && c != undefined {
		return false
	}
	r.in.Take(1)
	return true
}

// head takes the beginning of a value, without tags: its first byte and the number in it, which is
// none for what is open. After an error it is null's.
func (r *Reader) head() (c byte, n uint64, open bool) {
	for {
		b := r.in.Take(1)
		if len(b) == 0 {
			return null, 0, false
		}
		switch c = b[0]; {
		case c&0x1f < 24:
			n = uint64(c & 0x1f)
		case c&0x1f < 28:
			n = r.in.Number(1 << (c&0x1f - 24))
		case c&0x1f == 31 && (c&0xe0 == array || c&0xe0 == object || c&0xe0 == byteText || c&0xe0 == utf8Text):
			open = true
		default:
			r.in.WrongType("a value", c)
		}
		switch {
		case r.in.Err() != nil:
			return null, 0, false
		case c&0xe0 != tag:
			return c, n, open
		}
	}
}

// Bool reads a boolean; null is false.
func (r *Reader) Bool() bool {
	switch c, _, _ := r.head(); c {
	case isTrue:
		return true
	case isFalse, null, undefined:
	default:
		r.in.WrongType("a boolean", c)
	}
	return false
}

// Uint reads an integer that is not negative and has at most the given bits; null is 0.
func (r *Reader) Uint(bits int) uint64 {
	v, below := r.integer()
	if below || bits < 64 && v>>bits != 0 {
		r.in.Fail(wire.ErrRange)
		return 0
	}
	return v
}

// Int reads an integer of at most the given bits, one of which is the sign; null is 0.
func (r *Reader) Int(bits int) int64 {
	v, below := r.integer()
	if v>>(bits-1) != 0 {
		r.in.Fail(wire.ErrRange)
		return 0
	}
	if below {
		return ^int64(v)
	}
	return int64(v)
}

// integer gives v, or -1-v if it is below 0.
func (r *Reader) integer() (v uint64, below bool) {
	c, v, _ := r.head()
	switch {
	case c&0xe0 == unsigned:
		return v, false
	case c&0xe0 == negative:
		return v, true
	case c != null && c != undefined:
		r.in.WrongType("an integer", c)
	}
	return 0, false
}

// Float reads a floating-point number or an integer; null is 0.
func (r *Reader) Float() float64 {
	c, v, _ := r.head()
	switch {
	case c == float16:
		return half(uint16(v))
	case c == float32b:
		return float64(math.Float32frombits(uint32(v)))
	case c == float64b:
		return math.Float64frombits(v)
	case c&0xe0 == unsigned:
		return float64(v)
	case c&0xe0 == negative:
		return -1 - float64(v)
	case c != null && c != undefined:
		r.in.WrongType("a number", c)
	}
	return 0
}

// half is a number of 16 bits (RFC 8949, appendix D).
func half(v uint16) float64 {
	exponent, mantissa := int(v>>10&0x1f), float64(v&0x3ff)
	var f float64
	switch exponent {
	case 0:
		f = math.Ldexp(mantissa, -24)
	case 31:
		if f = math.Inf(1); mantissa != 0 {
			f = math.NaN()
		}
	default:
		f = math.Ldexp(mantissa+1024, exponent-25)
	}
	if v&0x8000 != 0 {
		return -f
	}
	return f
}

// String reads a string, or a byte string that holds UTF-8; null is "".
func (r *Reader) String() string {
	s := r.text("a string")
	if !utf8.Valid(s) {
		r.in.Fail(wire.ErrText)
		return ""
	}
	return string(s)
}

// Bytes reads a byte string, which may come as a string or an array of numbers; null is an empty one.
// The result is a copy.
func (r *Reader) Bytes() []byte {
	if c, _ := r.in.Peek(); c&0xe0 != array {
		return append([]byte(nil), r.text("a byte string")...)
	}
	var out []byte
	r.Array(func(int) { out = append(out, byte(r.Uint(8))) })
	if r.Err() != nil {
		return nil
	}
	return out
}

// text gives the bytes of a string, of the message itself if it is in one piece.
func (r *Reader) text(want string) []byte {
	c, n, open := r.head()
	switch {
	case c == null || c == undefined:
	case c&0xe0 == byteText || c&0xe0 == utf8Text:
		return r.pieces(c, n, open)
	default:
		r.in.WrongType(want, c)
	}
	return nil
}

// pieces gives what follows the head of a string.
func (r *Reader) pieces(c byte, n uint64, open bool) []byte {
	if !open {
		return r.in.Take(wire.Length(n))
	}
	var whole []byte
	for !r.ended() && r.Err() == nil {
		piece, n, open := r.head()
		if piece&0xe0 != c&0xe0 || open { // else strings could be nested
			r.in.WrongType("a piece of a string", piece)
			return nil
		}
		whole = append(whole, r.in.Take(wire.Length(n))...)
	}
	return whole
}

// ended takes the end of what is open, if it is next.
func (r *Reader) ended() bool {
	if c, ok := r.in.Peek(); !ok || c != ending {
		return false
	}
	r.in.Take(1)
	return true
}

// each calls do for the members of an array or map whose head was read, each of at least size bytes.
func (r *Reader) each(n uint64, open bool, size int, do func(i int)) {
	count := wire.Length(n)
	if !r.in.Enter(count, size) {
		return
	}
	defer r.in.Leave()
	for i := 0; r.Err() == nil && (open || i < count); i++ {
		if open {
			if r.ended() {
				return
			}
			if !r.in.Fits(size) {
				return
			}
		}
		do(i)
	}
}

// Map reads a map with string keys; null is an empty one. It calls entry with each key; entry reads
// the value, or nothing, which skips it.
func (r *Reader) Map(entry func(key string)) {
	c, n, open := r.head()
	switch {
	case c == null || c == undefined:
	case c&0xe0 != object:
		r.in.WrongType("a map", c)
	default:
		r.each(n, open, 2, func(int) {
			key := r.String()
			r.in.Value(func() { entry(key) }, r.Skip)
		})
	}
}

// Array reads an array; null is an empty one. It calls element with each index; element reads the
// value, or nothing, which skips it.
func (r *Reader) Array(element func(i int)) {
	c, n, open := r.head()
	switch {
	case c == null || c == undefined:
	case c&0xe0 != array:
		r.in.WrongType("an array", c)
	default:
		r.each(n, open, 1, func(i int) { r.in.Value(func() { element(i) }, r.Skip) })
	}
}

// Structure reads a map, or an array of the members that are named: their numbers are the indexes. It
// calls entry with each name, or "" for what has none there; entry reads the value, or nothing, which
// skips it. null is without entries.
func (r *Reader) Structure(members []string, entry func(name string)) {
	if c, _ := r.in.Peek(); c&0xe0 != array {
		r.Map(entry)
		return
	}
	r.Array(func(i int) {
		name := ""
		if i < len(members) {
			name = members[i]
		}
		entry(name)
	})
}

// Variant reads a union, [number, value]. It calls member with the number of what is set, which reads
// the value; that no such member is known is an error. null is a union without any.
func (r *Reader) Variant(member func(n int) (known bool)) {
	c, n, open := r.head()
	switch {
	case c == null || c == undefined:
		return
	case c&0xe0 != array || open || n != 2:
		r.in.WrongType("a union", c)
		return
	}
	known := true
	if r.in.Enter(2, 1) {
		number := r.Uint(16)
		r.in.Value(func() { known = member(int(number)) }, r.Skip)
		r.in.Leave()
	}
	if !known {
		r.in.Fail(wire.ErrVariant)
	}
}

// Time reads a point in time between the years 1 and 9999, for time.Unix; null is time's zero value.
func (r *Reader) Time() (sec, nsec int64) {
	if r.Nil() {
		return wire.NoTime, 0
	}
	sec = r.Int(64)
	return r.in.Time(sec, uint32(r.Uint(32)))
}

// Document reads a value of no fixed form.
func (r *Reader) Document() (v document.Value) {
	r.Variant(func(kind int) bool {
		switch kind {
		case docObject:
			r.Hold(48)
			o := document.Object{}
			r.Map(func(key string) { o[key] = r.Document() })
			v = o
		case docBlob:
			r.Hold(24)
			v = document.Blob(r.Bytes())
		case docArray:
			r.Hold(24)
			a := document.Array{}
			r.Array(func(int) { a = append(a, r.Document()) })
			v = a
		case docNumber:
			v = r.documentNumber()
		case docString:
			v = document.String(r.String())
		case docBool:
			v = document.Bool(r.Bool())
		}
		return kind <= docNull
	})
	if r.Err() != nil {
		return nil
	}
	return v
}

func (r *Reader) documentNumber() (v document.Value) {
	r.Variant(func(kind int) bool {
		switch kind {
		case 0:
			v = document.Uint(r.Uint(64))
		case 1:
			v = document.Int(r.Int(64))
		case 2:
			v = document.Float(r.Float())
		}
		return kind <= 2
	})
	return v
}

// Skip reads a value of any type and forgets it.
func (r *Reader) Skip() {
	switch c, n, open := r.head(); c & 0xe0 {
	case byteText, utf8Text:
		r.pieces(c, n, open)
	case array:
		r.each(n, open, 1, func(int) { r.Skip() })
	case object:
		r.each(n, open, 2, func(int) { r.Skip(); r.Skip() })
	}
}
