package msgpack

import (
	"errors"
	"math"
	"strconv"
	"unicode/utf8"
)

// MaxDepth is how deep arrays and maps may be nested in a message that is read.
const MaxDepth = 64

// Errors that a Reader's Err may wrap.
var (
	ErrTruncated = errors.New("msgpack: message ends too early")
	ErrType      = errors.New("msgpack: value of another type expected")
	ErrRange     = errors.New("msgpack: number is out of range")
	ErrDepth     = errors.New("msgpack: message is nested too deep")
	ErrMemory    = errors.New("msgpack: message takes far more memory than it has bytes")
	ErrTrailing  = errors.New("msgpack: message goes on after its end")
)

// What the values that Hold counts may take: some for any message, more for one that has more bytes.
const (
	heldAlways  = 1 << 20
	heldPerByte = 16
)

// Reader reads one message, value by value. After an error it gives zero values only, so that
// callers may look at Err once, at the end. Whatever lengths a message claims, a Reader takes no
// more memory than the message itself; callers that keep larger values say so by Hold.
type Reader struct {
	buf   []byte
	pos   int
	depth int
	held  int64
	err   error
}

// NewReader reads b, which it does not change or keep beyond its own life.
func NewReader(b []byte) *Reader { return &Reader{buf: b} }

// Err is what stopped the reader, or nil.
func (r *Reader) Err() error { return r.err }

// Done is Err, or ErrTrailing if there is more to be read.
func (r *Reader) Done() error {
	if r.err == nil && r.pos < len(r.buf) {
		r.fail(ErrTrailing)
	}
	return r.err
}

// Hold counts size bytes that the caller takes for a value beside those that Readers give. It fails
// with ErrMemory when all of them are out of proportion to the message.
func (r *Reader) Hold(size int) {
	if r.held += int64(size); r.held > heldAlways+heldPerByte*int64(len(r.buf)) {
		r.fail(ErrMemory)
	}
}

// Nil takes a nil if it is next, and says whether it was. At the end of the message it says no.
func (r *Reader) Nil() bool {
	if r.err == nil && r.pos < len(r.buf) && r.buf[r.pos] == 0xc0 {
		r.pos++
		return true
	}
	return false
}

// Bool reads a boolean; nil is false.
func (r *Reader) Bool() bool {
	switch c := r.code(); c {
	case 0xc3:
		return true
	case 0xc0, 0xc2:
	default:
		r.wrongType("a boolean", c)
	}
	return false
}

// Uint reads an integer that is not negative and has at most the given bits; nil is 0.
func (r *Reader) Uint(bits int) uint64 {
	v, negative := r.integer()
	if negative || bits < 64 && v>>bits != 0 {
		r.fail(ErrRange)
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
		r.fail(ErrRange)
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
		return r.number(1 << (c - 0xcc)), false
	case c >= 0xd0 && c <= 0xd3:
		size := 1 << (c - 0xd0)
		shift := 64 - 8*size
		signed := int64(r.number(size)<<shift) >> shift
		return uint64(signed), signed < 0
	case c != 0xc0:
		r.wrongType("an integer", c)
	}
	return 0, false
}

// Float reads a floating-point number or an integer; nil is 0.
func (r *Reader) Float() float64 {
	if r.err == nil && r.pos < len(r.buf) {
		switch r.buf[r.pos] {
		case 0xca:
			r.pos++
			return float64(math.Float32frombits(uint32(r.number(4))))
		case 0xcb:
			r.pos++
			return math.Float64frombits(r.number(8))
		}
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
		r.wrongType("a string", c)
		return ""
	}
	s := r.take(n)
	if !utf8.Valid(s) {
		r.fail(errors.New("msgpack: string is not UTF-8"))
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
		return append([]byte(nil), r.take(n)...)
	}
	n, ok := r.count(c, 0x90, 0xdc)
	if !ok {
		r.wrongType("a byte string", c)
		return nil
	}
	if !r.fits(n) {
		return nil
	}
	out := make([]byte, 0, n)
	for range n {
		out = append(out, byte(r.Uint(8)))
	}
	if r.err != nil {
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
		r.wrongType("a map", c)
		return
	}
	if !r.enter(n, 2) {
		return
	}
	defer r.leave()
	for i := 0; i < n && r.err == nil; i++ {
		key := r.String()
		r.value(func() { entry(key) })
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
		r.wrongType("an array", c)
		return
	}
	if !r.enter(n, 1) {
		return
	}
	defer r.leave()
	for i := 0; i < n && r.err == nil; i++ {
		r.value(func() { element(i) })
	}
}

// value lets read take the value that is next, and skips it if read leaves it alone.
func (r *Reader) value(read func()) {
	if r.err != nil {
		return
	}
	before := r.pos
	read()
	if r.err == nil && r.pos == before {
		r.Skip()
	}
}

// Skip reads a value of any type and forgets it.
func (r *Reader) Skip() {
	c := r.code()
	if r.err != nil || c <= 0x7f || c >= 0xe0 || c == 0xc0 || c == 0xc2 || c == 0xc3 {
		return
	}
	if n, ok := r.blob(c); ok {
		r.take(n)
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
	r.take(r.scalarSize(c))
}

func (r *Reader) skip(values int) {
	if !r.enter(values, 1) {
		return
	}
	defer r.leave()
	for i := 0; i < values && r.err == nil; i++ {
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
	r.wrongType("a value", c)
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

// length reads a length of the given bytes. One that is beyond the end of the message, which is
// false, is cut to what an int of 32 bits can hold and be added to.
func (r *Reader) length(size int) int {
	return int(min(r.number(size), math.MaxInt32/4))
}

func (r *Reader) number(size int) uint64 {
	v := uint64(0)
	for _, c := range r.take(size) {
		v = v<<8 | uint64(c)
	}
	return v
}

// code takes the first byte of a value; after an error it is nil's.
func (r *Reader) code() byte {
	if b := r.take(1); len(b) == 1 {
		return b[0]
	}
	return 0xc0
}

func (r *Reader) take(n int) []byte {
	if !r.fits(n) {
		return nil
	}
	b := r.buf[r.pos : r.pos+n]
	r.pos += n
	return b
}

func (r *Reader) fits(n int) bool {
	if r.err == nil && n > len(r.buf)-r.pos {
		r.fail(ErrTruncated)
	}
	return r.err == nil
}

// enter begins a container of n members, each of at least size bytes.
func (r *Reader) enter(n, size int) bool {
	if !r.fits(n * size) {
		return false
	}
	if r.depth == MaxDepth {
		r.fail(ErrDepth)
		return false
	}
	r.depth++
	return true
}

func (r *Reader) leave() { r.depth-- }

func (r *Reader) wrongType(want string, code byte) {
	r.fail(typeError{want: want, code: code, at: r.pos - 1})
}

func (r *Reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

type typeError struct {
	want string
	code byte
	at   int
}

func (e typeError) Error() string {
	return "msgpack: " + e.want + " expected at byte " + strconv.Itoa(e.at) + ", not code 0x" + strconv.FormatUint(uint64(e.code), 16)
}

func (e typeError) Unwrap() error { return ErrType }
