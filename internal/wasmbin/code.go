package wasmbin

import (
	"errors"
	"io"
	"slices"
)

// maxFunction is the largest function body that is looked into, in bytes: one is
// held in memory at a time.
const maxFunction = 8 << 20

// codeScanner reads the instructions of one function, as far as needed to tell one
// from the next, and looks for those that the hosts' engines lack.
type codeScanner struct {
	code    []byte // what is left
	depth   int    // open blocks
	broken  bool   // stopped
	feature string // why, if not because the code is not what it is taken for
	lasting string // an instruction seen that changes what neither memory nor a global holds
	copies  bool   // memory.init seen
}

// scanFunction gives the feature that made it stop, and whether the whole body was
// understood. What is broken is for a host's compiler to tell.
func scanFunction(body []byte) (c *codeScanner, understood bool) {
	c = &codeScanner{code: body}
	for n := c.uint(); n > 0 && !c.broken; n-- {
		c.uint() // how many locals
		c.int()  // of which type
	}
	for c.depth = 1; c.depth > 0 && !c.broken; {
		c.instruction()
	}
	return c, !c.broken && len(c.code) == 0
}

// stop ends the reading, for the sake of a feature or "" for broken code.
func (c *codeScanner) stop(feature string) {
	if !c.broken {
		c.broken, c.feature, c.code = true, feature, nil
	}
}

func (c *codeScanner) byte() byte {
	if len(c.code) == 0 {
		c.stop("")
		return 0
	}
	b := c.code[0]
	c.code = c.code[1:]
	return b
}

// uint reads a number; that it may be too large is for a host to tell.
func (c *codeScanner) uint() uint32 {
	var v uint32
	for shift := 0; shift < 7*maxLEB; shift += 7 {
		b := c.byte()
		v |= uint32(b&0x7F) << shift
		if b < 0x80 {
			return v
		}
	}
	c.stop("")
	return 0
}

// int skips a signed number, or a type, which is coded as a negative one.
func (c *codeScanner) int() {
	for range 10 {
		if c.byte() < 0x80 {
			return
		}
	}
	c.stop("")
}

func (c *codeScanner) skip(n int) {
	if n > len(c.code) {
		c.stop("")
		return
	}
	c.code = c.code[n:]
}

func (c *codeScanner) uints(n int) {
	for ; n > 0 && !c.broken; n-- {
		c.uint()
	}
}

// memory skips the operands of a load or store. Bit 6 of the alignment announces
// the number of a memory.
func (c *codeScanner) memory() {
	if c.uint()&0x40 != 0 {
		c.stop("multi-memory")
	}
	c.int() // the offset, of 64 bits in a memory64
}

// instruction reads one instruction. The numbers are those of the core
// specification's appendix A.7.
func (c *codeScanner) instruction() {
	switch op := c.byte(); {
	case op == 0x02 || op == 0x03 || op == 0x04: // block, loop, if
		c.depth++
		c.int()
	case op == 0x0B: // end
		c.depth--
	case op >= 0x06 && op <= 0x0A, op == 0x18, op == 0x19, op == 0x1F:
		c.stop("exceptions")
	case op == 0x12 || op == 0x13:
		c.stop("tail calls")
	case op == 0x14, op == 0x15, op >= 0xD4 && op <= 0xD6:
		c.stop("typed function references")
	case op == 0x0E: // br_table
		c.uints(int(c.uint()))
		c.uint()
	case op == 0x11: // call_indirect
		c.uints(2)
	case op == 0x1C: // select with types
		for n := c.uint(); n > 0 && !c.broken; n-- {
			c.int()
		}
	case op == 0x26:
		c.lasting = "table.set"
		c.uint()
	case op == 0x0C, op == 0x0D, op == 0x10, op >= 0x20 && op <= 0x25, op == 0x3F, op == 0x40, op == 0xD2:
		c.uint()
	case op >= 0x28 && op <= 0x3E:
		c.memory()
	case op == 0x41, op == 0x42, op == 0xD0:
		c.int()
	case op == 0x43:
		c.skip(4)
	case op == 0x44:
		c.skip(8)
	case op <= 0x01, op == 0x05, op == 0x0F, op == 0x1A, op == 0x1B, op >= 0x45 && op <= 0xC4, op == 0xD1:
	case op == 0xFC:
		c.bulk(c.uint())
	case op == 0xFD:
		c.vector(c.uint())
	case op == 0xFE:
		c.stop("threads (atomics)")
	case op == 0xD3 || op == 0xFB:
		c.stop("gc")
	default:
		c.stop("")
	}
}

// bulk reads the operands of saturating conversions, and of instructions on whole
// memories and tables.
func (c *codeScanner) bulk(op uint32) {
	switch op {
	case 0, 1, 2, 3, 4, 5, 6, 7:
	case 8, 10, 12, 14:
		c.uints(2)
	case 9, 11, 13, 15, 16, 17:
		c.uint()
	default:
		c.stop("")
	}
	switch op {
	case 8:
		c.copies = true
	case 9, 13:
		c.lasting = "data.drop or elem.drop"
	case 12, 14, 15, 17:
		c.lasting = "table.init, table.copy, table.grow or table.fill"
	}
}

// vector reads the operands of SIMD instructions.
func (c *codeScanner) vector(op uint32) {
	switch {
	case op <= 11, op == 92, op == 93:
		c.memory()
	case op == 12, op == 13:
		c.skip(16)
	case op >= 21 && op <= 34:
		c.byte()
	case op >= 84 && op <= 91:
		c.memory()
		c.byte()
	case op >= 0x100:
		c.stop("relaxed SIMD")
	}
}

// code looks through the functions of a code section, and passes it on as it is.
func (sum *Summary) code(w io.Writer, s *Section) error {
	if err := writeHead(w, s.ID, s.Size); err != nil {
		return err
	}
	pass := &passing{body: s.Body, w: w}
	err := sum.readCode(pass)
	if errors.Is(err, errUnread) {
		sum.CodeUnread, err = true, nil
	}
	if err := errors.Join(err, pass.flush()); err != nil {
		return err
	}
	return s.Body.copyTo(w)
}

// errUnread ends the reading of a code section that is not understood.
var errUnread = errors.New("code not read to its end")

func (sum *Summary) readCode(p *passing) error {
	count, err := p.uint()
	for ; count > 0 && err == nil; count-- {
		var size uint32
		if size, err = p.uint(); err != nil {
			return err
		}
		var body []byte
		if body, err = p.next(size); err != nil {
			return err
		}
		scan, understood := scanFunction(body)
		if scan.feature != "" {
			sum.feature(scan.feature)
		}
		if scan.lasting != "" {
			sum.lasting = scan.lasting
		}
		sum.copies = sum.copies || scan.copies
		if !understood {
			return errUnread
		}
	}
	return err
}

// passing hands out the parts of a body, and passes on what it handed out.
type passing struct {
	body *Body
	w    io.Writer
	buf  []byte // handed out, and not passed on yet
}

// ReadByte is for readUint.
func (p *passing) ReadByte() (byte, error) {
	b, err := p.body.ReadByte()
	if err == nil {
		p.buf = append(p.buf, b)
	}
	return b, err
}

func (p *passing) uint() (uint32, error) {
	v, err := readUint(p)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errLEB) {
		err = errUnread
	}
	return v, err
}

// next gives the next size bytes, which hold until the next call.
func (p *passing) next(size uint32) ([]byte, error) {
	if size > p.body.left || size > maxFunction {
		return nil, errUnread
	}
	if len(p.buf) > bufferSize {
		if err := p.flush(); err != nil {
			return nil, err
		}
	}
	start := len(p.buf)
	p.buf = slices.Grow(p.buf, int(size))[:start+int(size)]
	n, err := io.ReadFull(p.body, p.buf[start:])
	p.buf = p.buf[:start+n]
	return p.buf[start:], err
}

func (p *passing) flush() error {
	_, err := p.w.Write(p.buf)
	p.buf = p.buf[:0]
	return err
}
