package wasmbin

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
)

// The custom sections that tokens are kept in.
const (
	TokenSection  = "wasmcloud_jwt" // written since wascap 0.9
	LegacySection = "jwt"           // the only one that older readers look for
)

// MaxToken is the longest token that is taken out of a binary, in bytes.
const MaxToken = 256 << 10

// maxDepth is how deep components may be nested.
const maxDepth = 16

// Info is what one pass over a binary tells.
type Info struct {
	Format Format
	// Hash is the SHA-256 of the canonical form, in upper-case hex.
	Hash string
	// Size is the length of the canonical form, in bytes.
	Size int64
	// Read is the length of the binary as it was read, in bytes.
	Read int64
	// Token is the content of the token section, "" if there is none. Sections in
	// nested modules are no signature of this binary, and don't count.
	Token string
	// Legacy says that the token was in the section named jwt.
	Legacy bool
	// Tokens counts the token sections. With more than one, readers disagree on
	// which is meant, and Token is the first.
	Tokens int
	// Digest is the SHA-256 of the binary as it was read ("sha256:" and lower-case
	// hex) where one hash gives both, and "" where it does not: see plainDigest.
	Digest string

	lastIsToken bool
}

func isToken(name string) bool { return name == TokenSection || name == LegacySection }

// Canonical copies the binary in r to w in its canonical form: without tokens, and
// with minimal section sizes. w may be io.Discard. Errors are a *FormatError, or
// come from r or w; what was written before an error is to be thrown away.
//
// A component's modules are canonical too, and their size stands before them: they
// are put aside in a temporary file if they are large.
func Canonical(w io.Writer, r io.Reader) (Info, error) {
	info, out, err := copyCanonical(w, r)
	if err != nil {
		return Info{}, err
	}
	return info, out.flush()
}

// Embed is Canonical, and then writes the token that the function gives into a
// custom section named section at the end. The digest is the SHA-256 of all that
// was written: "sha256:" and lower-case hex.
func Embed(w io.Writer, r io.Reader, section string, token func(Info) (string, error)) (info Info, digest string, err error) {
	info, out, err := copyCanonical(w, r)
	if err != nil {
		return Info{}, "", err
	}
	text, err := token(info)
	if err != nil {
		return Info{}, "", err
	}
	if err := AppendCustom(out, section, []byte(text)); err != nil {
		return Info{}, "", err
	}
	return info, fmt.Sprintf("sha256:%x", out.hash.Sum(nil)), out.flush()
}

func copyCanonical(w io.Writer, r io.Reader) (Info, *hashing, error) {
	out := &hashing{w: bufio.NewWriterSize(w, gatherSize), hash: sha256.New()}
	in, err := NewReader(r)
	if err != nil {
		return Info{}, nil, err
	}
	info := Info{Format: in.Format()}
	if err := canonical(out, in, 0, &info); err != nil {
		return Info{}, nil, err
	}
	info.Hash = fmt.Sprintf("%X", out.hash.Sum(nil))
	info.Size, info.Read = out.n, in.Offset()
	info.Digest, err = info.plainDigest(out.hash)
	return info, out, err
}

// plainDigest continues the hash of the canonical form to that of the binary as
// it was read. Copying canonically only ever makes a binary shorter, so where the
// lengths say that nothing was lost but one minimal token section at the end, the
// binary is the canonical form and then that section. So are those that wash and
// this package sign; hashing a large one twice would double the time to read it.
func (info *Info) plainDigest(canonical hash.Hash) (string, error) {
	var tail bytes.Buffer
	if info.lastIsToken && info.Tokens == 1 {
		if err := AppendCustom(&tail, info.section(), []byte(info.Token)); err != nil {
			return "", err
		}
	}
	if info.Read != info.Size+int64(tail.Len()) {
		return "", nil
	}
	whole, err := canonical.(hash.Cloner).Clone()
	if err != nil {
		return "", err
	}
	whole.Write(tail.Bytes())
	return fmt.Sprintf("sha256:%x", whole.Sum(nil)), nil
}

// section is the name of the section that the token was in.
func (info *Info) section() string {
	if info.Legacy {
		return LegacySection
	}
	return TokenSection
}

// canonical copies one binary; info is filled at depth 0 only.
func canonical(w io.Writer, in *Reader, depth int, info *Info) error {
	if _, err := w.Write(in.header[:]); err != nil {
		return err
	}
	for {
		s, err := in.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		signed := s.ID == SectionCustom && isToken(s.Name)
		if depth == 0 {
			info.lastIsToken = signed
		}
		switch {
		case signed && depth > 0:
			continue
		case signed:
			err = info.readToken(s)
		case in.format == Component && (s.ID == SectionCoreModule || s.ID == SectionComponent):
			err = copyNested(w, in, s, depth)
		default:
			err = s.Copy(w)
		}
		if err != nil {
			return err
		}
	}
}

// readToken keeps the first token and counts the others.
func (info *Info) readToken(s *Section) error {
	info.Tokens++
	if info.Tokens > 1 {
		return nil
	}
	token, err := s.Body.All(MaxToken)
	if err != nil {
		return fmt.Errorf("reading the token in section %q: %w", s.Name, err)
	}
	info.Token, info.Legacy = string(token), s.Name == LegacySection
	return nil
}

// Copy writes the section with a minimal size and the rest of its body as it is.
func (s *Section) Copy(w io.Writer) error {
	if err := writeHead(w, s.ID, s.Size); err != nil {
		return err
	}
	if _, err := w.Write(s.head); err != nil {
		return err
	}
	return s.Body.copyTo(w)
}

func writeHead(w io.Writer, id byte, size uint32) error {
	_, err := w.Write(AppendUint([]byte{id}, size))
	return err
}

// copyNested copies a section that is a whole binary.
func copyNested(w io.Writer, outer *Reader, s *Section, depth int) error {
	if depth+1 > maxDepth {
		return outer.fail("components nested deeper than %d", maxDepth)
	}
	in, err := newReader(bufio.NewReader(s.Body), outer.offset)
	if err != nil {
		return err
	}
	if want := nestedFormat(s.ID); in.format != want {
		return outer.fail("a nested %s where a %s is wanted", in.format, want)
	}
	spool := &spool{}
	defer spool.Close()
	if err := canonical(spool, in, depth+1, nil); err != nil {
		return err
	}
	if spool.n > math.MaxUint32 {
		return outer.fail("a nested %s of %d bytes", in.format, spool.n)
	}
	if err := writeHead(w, s.ID, uint32(spool.n)); err != nil {
		return err
	}
	return spool.copyTo(w)
}

func nestedFormat(id byte) Format {
	if id == SectionCoreModule {
		return Module
	}
	return Component
}

// AppendCustom writes a custom section, which may follow any binary.
func AppendCustom(w io.Writer, name string, data []byte) error {
	size := sizeUint(uint32(len(name))) + int64(len(name)) + int64(len(data))
	if size > math.MaxUint32 {
		return errors.New("a custom section of more than 4 GiB")
	}
	b := AppendUint([]byte{SectionCustom}, uint32(size))
	b = AppendUint(b, uint32(len(name)))
	b = append(append(b, name...), data...)
	_, err := w.Write(b)
	return err
}

// All reads the rest of the body, which must have at most limit bytes.
func (b *Body) All(limit uint32) ([]byte, error) {
	if b.left > limit {
		return nil, b.r.fail("%d bytes; at most %d are read", b.left, limit)
	}
	return readAll(b, int(b.left))
}

// readAll reads size bytes, growing with what is there, not with what is said to be.
func readAll(r io.Reader, size int) ([]byte, error) {
	data := make([]byte, 0, min(size, bufferSize))
	for len(data) < size {
		if len(data) == cap(data) {
			data = append(data, make([]byte, min(size-len(data), len(data)))...)[:len(data)]
		}
		n, err := r.Read(data[len(data):min(cap(data), size)])
		data = data[:len(data)+n]
		if err != nil {
			return nil, err
		}
	}
	return data, nil
}

// gatherSize is what small writes are gathered to: a module has many small
// sections, and each has a head of its own. Large bodies pass by.
const gatherSize = 32 << 10

// hashing hashes and counts what goes to w.
type hashing struct {
	w    *bufio.Writer
	hash hash.Hash
	n    int64
}

func (h *hashing) flush() error { return h.w.Flush() }

func (h *hashing) Write(p []byte) (int, error) {
	n, err := h.w.Write(p)
	h.n += int64(n)
	h.hash.Write(p[:n]) // never fails
	return n, err
}
