package wasmbin

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Format says what a binary is.
type Format int

// The two formats.
const (
	Module    Format = iota // a core module
	Component               // a component of the component model
)

func (f Format) String() string {
	if f == Component {
		return "component"
	}
	return "module"
}

// Ids of the sections that this package looks into.
const (
	SectionCustom    = 0
	SectionType      = 1
	SectionImport    = 2
	SectionFunction  = 3
	SectionTable     = 4
	SectionMemory    = 5
	SectionGlobal    = 6
	SectionExport    = 7
	sectionStart     = 8
	SectionCode      = 10
	SectionData      = 11
	sectionDataCount = 12
	SectionTag       = 13

	// In a component:
	SectionCoreModule = 1
	SectionComponent  = 4
)

const (
	lastModuleSection    = 13 // tag
	lastComponentSection = 12 // value

	// maxName is the longest section name that is read: the limit of wasmparser,
	// which hosts and wash read modules with.
	maxName = 100_000

	bufferSize = 64 << 10
	copySize   = 128 << 10 // above bufferSize, so that bodies go past the buffer
)

// FormatError says that bytes are no WebAssembly binary, or a broken one.
type FormatError struct {
	Offset int64 // where, in bytes from the start of the (outermost) binary
	Reason string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("no sound wasm at byte %d: %s", e.Offset, e.Reason)
}

// Section is one section of a binary, while its Reader stands at it.
type Section struct {
	ID   byte
	Size uint32 // bytes of the body as it is, a custom section's name included
	// Name is a custom section's name.
	Name string
	// Body reads the section's body; for a custom section, what follows the name.
	Body *Body
	// head is the name as it stood in the body, with its length.
	head []byte
}

// Body reads a section's body to its end.
type Body struct {
	r    *Reader
	left uint32
}

// Reader walks over the sections of one binary.
type Reader struct {
	in     *bufio.Reader
	offset int64
	format Format
	header [8]byte
	body   *Body // of the section that was handed out last
	buffer []byte
}

// NewReader reads the header of the binary in r. Any error but one from r itself
// is a *FormatError.
func NewReader(r io.Reader) (*Reader, error) {
	return newReader(bufio.NewReaderSize(r, bufferSize), 0)
}

func newReader(in *bufio.Reader, offset int64) (*Reader, error) {
	r := &Reader{in: in, offset: offset}
	n, err := io.ReadFull(in, r.header[:])
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil, r.fail("the header takes 8 bytes, there are %d", n)
	}
	if err != nil {
		return nil, err
	}
	if string(r.header[:4]) != "\x00asm" {
		return nil, r.fail(`it begins with % x; a wasm binary begins with 00 61 73 6d ("\0asm")`, r.header[:4])
	}
	switch string(r.header[4:]) {
	case "\x01\x00\x00\x00":
		r.format = Module
	case "\x0d\x00\x01\x00", "\x0c\x00\x01\x00":
		r.format = Component
	default:
		return nil, r.fail("version % x; known are 01 00 00 00 (module) and 0d 00 01 00, 0c 00 01 00 (component)", r.header[4:])
	}
	r.offset += 8
	return r, nil
}

// Format says whether the binary is a module or a component.
func (r *Reader) Format() Format { return r.format }

// Offset is the number of bytes read so far.
func (r *Reader) Offset() int64 { return r.offset }

func (r *Reader) fail(format string, args ...any) error {
	return &FormatError{Offset: r.offset, Reason: fmt.Sprintf(format, args...)}
}

// Next gives the next section, skipping what was left of the last one. It returns
// io.EOF after the last.
func (r *Reader) Next() (*Section, error) {
	if r.body != nil {
		if _, err := io.Copy(io.Discard, r.body); err != nil {
			return nil, err
		}
	}
	id, err := r.in.ReadByte()
	if err != nil {
		return nil, err // io.EOF here is the end of the binary
	}
	if last := r.lastSection(); id > last {
		return nil, r.fail("section id %d; a %s has the ids 0 to %d", id, r.format, last)
	}
	r.offset++
	size, err := readUint(counting{r})
	if err != nil {
		return nil, r.broken(err, "the size of a section with id %d", id)
	}
	r.body = &Body{r: r, left: size}
	s := &Section{ID: id, Size: size, Body: r.body}
	if id == SectionCustom {
		return s, s.readName()
	}
	return s, nil
}

func (r *Reader) lastSection() byte {
	if r.format == Component {
		return lastComponentSection
	}
	return lastModuleSection
}

// broken turns an early end, or a number that is none, into a *FormatError.
func (r *Reader) broken(err error, what string, args ...any) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return r.fail("it ends within "+what, args...)
	case errors.Is(err, errLEB):
		return r.fail(what+" is longer than 32 bits", args...)
	default:
		return err
	}
}

func (s *Section) readName() error {
	r := s.Body.r
	size, err := readUint(s.Body)
	if err == nil && (size > s.Body.left || size > maxName) {
		return r.fail("a custom section of %d bytes has a name of %d bytes (at most %d are read)", s.Size, size, maxName)
	}
	if err != nil {
		return r.broken(err, "the name of a custom section")
	}
	name := make([]byte, size)
	if _, err := io.ReadFull(s.Body, name); err != nil {
		return r.broken(err, "the name of a custom section")
	}
	if !utf8.Valid(name) {
		return r.fail("the name of a custom section is not UTF-8")
	}
	s.Name = string(name)
	// The length may be padded, and a kept section's body is copied as it is.
	padded := s.Size - s.Body.left - size
	s.head = append(paddedUint(size, int(padded)), name...)
	return nil
}

// paddedUint writes v in exactly width bytes.
func paddedUint(v uint32, width int) []byte {
	b := AppendUint(nil, v)
	for len(b) < width {
		b[len(b)-1] |= 0x80
		b = append(b, 0)
	}
	return b
}

// Read reads from the body. It returns io.EOF at the end of the section, and a
// *FormatError if the binary ends before.
func (b *Body) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	if uint64(len(p)) > uint64(b.left) {
		p = p[:b.left]
	}
	n, err := b.r.in.Read(p)
	b.left -= uint32(n)
	b.r.offset += int64(n)
	if err == io.EOF {
		if b.left == 0 {
			return n, nil
		}
		err = b.r.fail("a section lacks its last %d bytes", b.left)
	}
	return n, err
}

// ReadByte reads one byte of the body. At its end it returns
// io.ErrUnexpectedEOF: numbers never end with their section.
func (b *Body) ReadByte() (byte, error) {
	if b.left == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	c, err := b.r.in.ReadByte()
	if err == io.EOF {
		return 0, b.r.fail("a section lacks its last %d bytes", b.left)
	}
	if err == nil {
		b.left--
		b.r.offset++
	}
	return c, err
}

// copyTo writes the rest of the body to w.
func (b *Body) copyTo(w io.Writer) error {
	if b.r.buffer == nil {
		b.r.buffer = make([]byte, copySize)
	}
	// Plain interfaces: a ReadFrom or WriteTo would bring its own buffer.
	_, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{b}, b.r.buffer)
	return err
}

// counting reads bytes outside of sections.
type counting struct{ r *Reader }

func (c counting) ReadByte() (byte, error) {
	b, err := c.r.in.ReadByte()
	if err == nil {
		c.r.offset++
	}
	return b, err
}
