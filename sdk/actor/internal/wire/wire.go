// Package wire is what the readers of both message formats share: a place in a message that no
// length it claims, and no depth, gets beyond.
package wire

import (
	"errors"
	"math"
	"strconv"
)

// MaxDepth is how deep arrays and maps may be nested in a message that is read.
const MaxDepth = 64

// What can be wrong with a message.
var (
	ErrTruncated = errors.New("message ends too early")
	ErrType      = errors.New("value of another type expected")
	ErrRange     = errors.New("number is out of range")
	ErrDepth     = errors.New("message is nested too deep")
	ErrMemory    = errors.New("message takes far more memory than it has bytes")
	ErrTrailing  = errors.New("message goes on after its end")
	ErrVariant   = errors.New("union has a member that is not known here")
	ErrText      = errors.New("string is not UTF-8")
)

// What the values that Hold counts may take: some for any message, more for one that has more bytes.
const (
	heldAlways  = 1 << 20
	heldPerByte = 16
)

// Input is a message with the place that is read next. After an error it gives nothing more.
type Input struct {
	buf   []byte
	pos   int
	depth int
	held  int64
	err   error
}

// New begins a message.
func New(b []byte) Input { return Input{buf: b} }

// Err is what stopped the reading, or nil.
func (in *Input) Err() error { return in.err }

// Done is Err, or ErrTrailing if there is more to be read.
func (in *Input) Done() error {
	if in.err == nil && in.pos < len(in.buf) {
		in.Fail(ErrTrailing)
	}
	return in.err
}

// Fail keeps the first error.
func (in *Input) Fail(err error) {
	if in.err == nil {
		in.err = err
	}
}

// Hold counts memory that is taken for a value, in bytes; see the readers' own.
func (in *Input) Hold(size int) {
	if in.held += int64(size); in.held > heldAlways+heldPerByte*int64(len(in.buf)) {
		in.Fail(ErrMemory)
	}
}

// Peek gives the next byte; at the end, or after an error, there is none.
func (in *Input) Peek() (c byte, ok bool) {
	if in.err != nil || in.pos >= len(in.buf) {
		return 0, false
	}
	return in.buf[in.pos], true
}

// Fits tells whether n bytes are left, and fails if they are not.
func (in *Input) Fits(n int) bool {
	if in.err == nil && n > len(in.buf)-in.pos {
		in.Fail(ErrTruncated)
	}
	return in.err == nil
}

// Take gives the next n bytes of the message itself, not a copy; nil if there are not so many.
func (in *Input) Take(n int) []byte {
	if !in.Fits(n) {
		return nil
	}
	b := in.buf[in.pos : in.pos+n]
	in.pos += n
	return b
}

// Number reads size bytes, the highest first.
func (in *Input) Number(size int) uint64 {
	v := uint64(0)
	for _, c := range in.Take(size) {
		v = v<<8 | uint64(c)
	}
	return v
}

// Length makes a length of a number. One that is beyond the end of any message, which is false, is
// cut to what an int of 32 bits can hold and be added to.
func Length(n uint64) int { return int(min(n, math.MaxInt32/4)) }

// Enter begins a container of n members, each of at least size bytes.
func (in *Input) Enter(n, size int) bool {
	if !in.Fits(n * size) {
		return false
	}
	if in.depth == MaxDepth {
		in.Fail(ErrDepth)
		return false
	}
	in.depth++
	return true
}

// Leave ends it.
func (in *Input) Leave() { in.depth-- }

// Value lets read take the value that is next, and skips it if read leaves it alone.
func (in *Input) Value(read, skip func()) {
	if in.err != nil {
		return
	}
	before := in.pos
	read()
	if in.err == nil && in.pos == before {
		skip()
	}
}

// WrongType fails with the code of the value that was just begun.
func (in *Input) WrongType(want string, code byte) {
	in.Fail(typeError{want: want, code: code, at: in.pos - 1})
}

type typeError struct {
	want string
	code byte
	at   int
}

func (e typeError) Error() string {
	return e.want + " expected at byte " + strconv.Itoa(e.at) + ", not code 0x" + strconv.FormatUint(uint64(e.code), 16)
}

func (e typeError) Unwrap() error { return ErrType }

// Years 1 to 9999: outside of them nobody's calendar, and not RFC 3339 either, has a time.
const (
	NoTime     = -62135596800 // the seconds of time's zero value
	lastSecond = 253402300799
)

// Time checks a point in time, and gives NoTime after an error.
func (in *Input) Time(sec int64, nsec uint32) (int64, int64) {
	if sec < NoTime || sec > lastSecond || nsec > 999_999_999 {
		in.Fail(ErrRange)
	}
	if in.err != nil {
		return NoTime, 0
	}
	return sec, int64(nsec)
}
