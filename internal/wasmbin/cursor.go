package wasmbin

import (
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// cursor reads the tables in a section's body. Its first error sticks, so that a
// whole entry can be read before asking.
type cursor struct {
	data []byte
	err  error
}

func (c *cursor) ReadByte() (byte, error) {
	if len(c.data) == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	b := c.data[0]
	c.data = c.data[1:]
	return b, nil
}

func (c *cursor) fail(err error) {
	if c.err == nil {
		c.err = err
		c.data = nil
	}
}

func (c *cursor) byte() byte {
	b, err := c.ReadByte()
	if err != nil {
		c.fail(err)
	}
	return b
}

func (c *cursor) uint() uint32 {
	v, err := readUint(c)
	if err != nil {
		c.fail(err)
	}
	return v
}

// skipInt skips a LEB128 number of up to 64 bits.
func (c *cursor) skipInt() {
	for range 10 {
		if c.byte() < 0x80 {
			return
		}
	}
	c.fail(errors.New("a number longer than 64 bits"))
}

func (c *cursor) name() string {
	name := c.bytes()
	if !utf8.Valid(name) {
		c.fail(errors.New("a name that is not UTF-8"))
	}
	return string(name)
}

// each calls f for every entry of a list, as long as there is no error.
func (c *cursor) each(f func()) {
	for n := c.uint(); n > 0 && c.err == nil; n-- {
		f()
	}
}

// done gives the error, if any; bytes left over are one.
func (c *cursor) done() error {
	switch {
	case errors.Is(c.err, io.ErrUnexpectedEOF):
		return errors.New("it ends within an entry")
	case c.err == nil && len(c.data) > 0:
		return fmt.Errorf("%d bytes are left over after its last entry", len(c.data))
	default:
		return c.err
	}
}
