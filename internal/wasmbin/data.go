package wasmbin

import "io"

// Segment is a part of a memory's first contents.
type Segment struct {
	Offset uint32 // address of the first byte
	Bytes  []byte
}

// Settled says that writing Summary.Data into the memory of a new instance makes
// of the module without it what it was with it: nothing runs before it could be
// written, nothing reads it from elsewhere, and all its places are known.
func (s *Summary) Settled() bool {
	return s.Format == Module && !s.CodeUnread && !s.starts && !s.copies && !s.unplaced
}

// takeData reads a data section.
func (s *Summary) takeData(section *Section) error {
	body, err := section.Body.All(maxTable)
	if err != nil {
		return err
	}
	c := &cursor{data: body}
	c.each(func() { s.segment(c) })
	if s.unplaced {
		return nil // by more than is known here, so that the rest can't be read
	}
	if err := c.done(); err != nil {
		return &FormatError{Offset: section.Body.r.offset, Reason: "data section: " + err.Error()}
	}
	return nil
}

// segment reads an entry: one for memory 0 at a constant address.
func (s *Summary) segment(c *cursor) {
	const i32Const, end = 0x41, 0x0B
	if c.uint() != 0 || c.byte() != i32Const {
		s.unplaced, c.data = true, nil
		return
	}
	offset := c.int32()
	if c.byte() != end {
		s.unplaced, c.data = true, nil
		return
	}
	s.Data = append(s.Data, Segment{Offset: uint32(offset), Bytes: c.bytes()})
}

// int32 reads a signed LEB128 number.
func (c *cursor) int32() int32 {
	var v int32
	for shift := 0; shift < 35; shift += 7 {
		b := c.byte()
		v |= int32(b&0x7F) << shift
		if b < 0x80 {
			if b&0x40 != 0 && shift < 28 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
	c.fail(errLEB)
	return 0
}

// bytes reads a length and as many bytes.
func (c *cursor) bytes() []byte {
	size := c.uint()
	if uint64(size) > uint64(len(c.data)) {
		c.fail(io.ErrUnexpectedEOF)
		return nil
	}
	b := c.data[:size]
	c.data = c.data[size:]
	return b
}
