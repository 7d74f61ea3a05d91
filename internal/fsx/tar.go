package fsx

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	tarBlock = 512
	tarName  = 100           // bytes that a header has for the name
	tarSize  = 8<<30 - 1     // the most that eleven octal digits can say
	tarMagic = "ustar  \x00" // GNU's: two spaces, not POSIX's version
)

// Tar writes an archive whose bytes depend on the names, modes and contents
// only: no owner, no times. archive/tar would do but for the fields that the
// Rust tar crate leaves empty and Go fills with zeros; with these headers an
// archive differs from one of wash in its mode bits alone.
type Tar struct{ w io.Writer }

// NewTar returns a writer of an archive to w.
func NewTar(w io.Writer) *Tar { return &Tar{w: w} }

// Add writes one file of size bytes, read from r. More or fewer bytes are an
// error: the header has gone out.
func (t *Tar) Add(name string, mode, size int64, r io.Reader) error {
	header, err := tarHeader(name, mode, size)
	if err != nil {
		return err
	}
	if _, err := t.w.Write(header); err != nil {
		return err
	}
	n, err := io.Copy(t.w, io.LimitReader(r, size))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if n < size {
		return fmt.Errorf("%s: it ended after %d of %d bytes", name, n, size)
	}
	switch extra, err := io.CopyN(io.Discard, r, 1); {
	case extra > 0:
		return fmt.Errorf("%s: it has more than %d bytes", name, size)
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("%s: %w", name, err)
	}
	_, err = t.w.Write(make([]byte, (tarBlock-size%tarBlock)%tarBlock))
	return err
}

// Close ends the archive. It does not close the writer below.
func (t *Tar) Close() error {
	_, err := t.w.Write(make([]byte, 2*tarBlock))
	return err
}

func tarHeader(name string, mode, size int64) ([]byte, error) {
	if name == "" || len(name) > tarName || strings.ContainsRune(name, 0) {
		return nil, fmt.Errorf("%q can't be a name in the archive: 1 to %d bytes are", name, tarName)
	}
	if size < 0 || size > tarSize {
		return nil, fmt.Errorf("%s has %d bytes: %d is the most for a file in the archive", name, size, int64(tarSize))
	}
	header := make([]byte, tarBlock)
	copy(header[0:], name)
	copy(header[100:], fmt.Sprintf("%07o\x00", mode&0o777))
	copy(header[124:], fmt.Sprintf("%011o\x00", size))
	copy(header[136:], "00000000000\x00") // modification time
	copy(header[257:], tarMagic)
	copy(header[148:], "        ") // the sum counts itself as spaces
	sum := 0
	for _, b := range header {
		sum += int(b)
	}
	copy(header[148:], fmt.Sprintf("%07o\x00", sum))
	return header, nil
}
