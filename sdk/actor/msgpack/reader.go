package msgpack

import (
	"math"
	"unicode/utf8"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/internal/wire"
)

// MaxDepth is how deep arrays and maps may be nested in a message that is read.
const MaxDepth = wire.MaxDepth

// Errors that a Reader's Err may wrap.
var (
	ErrTruncated = wire.ErrTruncated
	ErrType      = wire.ErrType
	ErrRange     = wire.ErrRange
	ErrDepth     = wire.ErrDepth
	ErrMemory    = wire.ErrMemory
	ErrTrailing  = wire.ErrTrailing
	ErrVariant   = wire.ErrVariant
)

// Reader reads one message, value by value. After an error it gives zero values only, so that
// callers may look at Err once, at the end. Whatever lengths a message claims, a Reader takes no
// more memory than the message itself; callers that keep larger values say so by Hold.
type Reader struct{ in wire.Input }

// NewReader reads b, which it does not change or keep beyond its own life.
func NewReader(b []byte) *Reader { return &Reader{wire.New(b)} }

// Err is what stopped the reader, or nil.
func (r *Reader) Err() error { return r.in.Err() }

// Done is Err, or ErrTrailing if there is more to be read.
func (r *Reader) Done() error { return r.in.Done() }

// Hold counts size bytes that the caller takes for a value beside those that Readers give. It fails
// with ErrMemory when all of them are out of proportion to the message.
func (r *Reader) Hold(size int) { r.in.Hold(size) }

// Nil takes a nil if it is next, and says whether it was. At the end of the message it says no.
func (r *Reader) Nil() bool {
	if c, ok := r.in.Peek(); !ok || c != 0xc0 {
		return false
	}
	r.in.Take(1)
	return true
}

// Bool reads a boolean; nil is false.
func (r *Reader) Bool() bool {
	switch c := r.code(); c {
	case 0xc3:
		return true
	case 0xc0, 0xc2:
	default:
		r.in.WrongType("a boolean", c)
	}
	return false
}

// Uint reads an integer that is not negative and has at most the given bits; nil is 0.
func (r *Reader) Uint(bits int) uint64 {
	v, negative := r.integer()
	if negative || bits < 64 && v>>bits != 0 {
		r.in.Fail(ErrRange)
		return 0
	}
	return v
}

// Int reads an integer of at most the given bits, one of which is the sign; nil is 0.
func (r *Reader) Int(bits int) int64 {
	v, negative := r.integer()
	limit := uint64(1) << (bits - 1)
	if negative && int64(v) >= -int64(limit-1)-1 {
		return int64(v)
	}
	if negative || v >= limit {
		r.in.Fail(ErrRange)
		return 0
	}
	return int64(v)
}

// integer gives an integer as 64 bits and says whether these are to be read as a negative number.
func (r *Reader) integer() (v uint64, negative bool) {
	c := r.code()
	switch {
	case c <= 0x7f:
		return uint64(c), false
	case c >= 0xe0:
		return uint64(int64(int8(c))), true
	case c >= 0xcc && c <= 0xcf:
		return r.in.Number(1 << (c - 0xcc)), false
	case c >= 0xd0 && c <= 0xd3:
		size := 1 << (c - 0xd0)
		shift := 64 - 8*size
		signed := int64(r.in.Number(size)<<shift) >> shift
		return uint64(signed), signed < 0
	case c != 0xc0:
		r.in.WrongType("an integer", c)
	}
	return 0, false
}

// Float reads a floating-point number or an integer; nil is 0.
func (r *Reader) Float() float64 {
	switch c, _ := r.in.Peek(); c {
	case 0xca:
		r.in.Take(1)
		return float64(math.Float32frombits(uint32(r.in.Number(4))))
	case 0xcb:
		r.in.Take(1)
		return math.Float64frombits(r.in.Number(8))
	}
	v, negative := r.integer()
	if negative {
		return float64(int64(v))
	}
	return float64(v)
}

// String reads a string, or bin that holds UTF-8; nil is "".
func (r *Reader) String() string {
	c := r.code()
	if c == 0xc0 {
		return ""
	}
	n, ok := r.blob(c)
	if !ok {
		r.in.WrongType("a string", c)
		return ""
	}
	s := r.in.Take(n)
	if !utf8.Valid(s) {
		r.in.Fail(wire.ErrText)
		return ""
	}
	return string(s)
}

// Bytes reads a byte string, written as bin, str or an array of numbers; nil is an empty one.
// The result is a copy.
func (r *Reader) Bytes() []byte {
	c := r.code()
	if c == 0xc0 {
		return nil
	}
	if n, ok := r.blob(c); ok {
		return append([]byte(nil), r.in.Take(n)...)
	}
	n, ok := r.count(c, 0x90, 0xdc)
	if !ok {
		r.in.WrongType("a byte string", c)
		return nil
	}
	if !r.in.Fits(n) {
		return nil
	}
	out := make([]byte, 0, n)
	for range n {
		out = append(out, byte(r.Uint(8)))
	}
	if r.in.Err() != nil {
		return nil
	}
	return out
}

// Map reads a map with string keys; nil is an empty one. It calls entry with each key; entry reads
// the value, or nothing, which skips it.
func (r *Reader) Map(entry func(key string)) {
	c := r.code()
	n, ok := r.count(c, 0x80, 0xde)
	if c == 0xc0 {
		return
	}
	if !ok {
		r.in.WrongType("a map", c)
		return
	}
	if !r.in.Enter(n, 2) {
		return
	}
	defer r.in.Leave()
	for i := 0; i < n && r.in.Err() == nil; i++ {
		key := r.String()
		r.in.Value(func() { entry(key) }, r.Skip)
	}
}

// Array reads an array; nil is an empty one. It calls element with each index; element reads the
// value, or nothing, which skips it.
func (r *Reader) Array(element func(i int)) {
	c := r.code()
	n, ok := r.count(c, 0x90, 0xdc)
	if c == 0xc0 {
		return
	}
	if !ok {
		r.in.WrongType("an array", c)
		return
	}
	if !r.in.Enter(n, 1) {
		return
	}
	defer r.in.Leave()
	for i := 0; i < n && r.in.Err() == nil; i++ {
		r.in.Value(func() { element(i) }, r.Skip)
	}
}

// Skip reads a value of any type and forgets it.
func (r *Reader) Skip() {
	c := r.code()
	if r.in.Err() != nil || c <= 0x7f || c >= 0xe0 || c == 0xc0 || c == 0xc2 || c == 0xc3 {
		return
	}
	if n, ok := r.blob(c); ok {
		r.in.Take(n)
		return
	}
	if n, ok := r.count(c, 0x90, 0xdc); ok {
		r.skip(n)
		return
	}
	if n, ok := r.count(c, 0x80, 0xde); ok {
		r.skip(2 * n)
		return
	}
	r.in.Take(r.scalarSize(c))
}

func (r *Reader) skip(values int) {
	if !r.in.Enter(values, 1) {
		return
	}
	defer r.in.Leave()
	for i := 0; i < values && r.in.Err() == nil; i++ {
		r.Skip()
	}
}

// scalarSize is how many bytes follow the code of a number or an extension.
func (r *Reader) scalarSize(c byte) int {
	switch {
	case c >= 0xc7 && c <= 0xc9: // ext 8, 16, 32: a length, a type, as many bytes
		return r.length(1<<(c-0xc7)) + 1
	case c == 0xca:
		return 4
	case c == 0xcb:
		return 8
	case c >= 0xcc && c <= 0xcf:
		return 1 << (c - 0xcc)
	case c >= 0xd0 && c <= 0xd3:
		return 1 << (c - 0xd0)
	case c >= 0xd4 && c <= 0xd8: // fixext: a type, 1 to 16 bytes
		return 1<<(c-0xd4) + 1
	}
	r.in.WrongType("a value", c)
	return 0
}

// blob gives the length of a str or bin that begins with code c.
func (r *Reader) blob(c byte) (n int, ok bool) {
	switch {
	case c >= 0xa0 && c <= 0xbf:
		return int(c & 0x1f), true
	case c >= 0xc4 && c <= 0xc6:
		return r.length(1 << (c - 0xc4)), true
	case c >= 0xd9 && c <= 0xdb:
		return r.length(1 << (c - 0xd9)), true
	}
	return 0, false
}

// count gives the number of members of an array or map that begins with code c.
func (r *Reader) count(c, fix, wide byte) (n int, ok bool) {
	switch {
	case c&0xf0 == fix:
		return int(c & 0x0f), true
	case c == wide:
		return r.length(2), true
	case c == wide+1:
		return r.length(4), true
	}
	return 0, false
}

func (r *Reader) length(size int) int { return wire.Length(r.in.Number(size)) }

// code takes the first byte of a value; after an error it is nil's.
func (r *Reader) code() byte {
	if b := r.in.Take(1); len(b) == 1 {
		return b[0]
	}
	return 0xc0
}
