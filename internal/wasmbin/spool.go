package wasmbin

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// spoolMemory is how much is put aside in memory before a file is made.
const spoolMemory = 1 << 20

// spool puts bytes aside until their number is known: first in memory, then in a
// temporary file.
type spool struct {
	n      int64
	memory bytes.Buffer
	file   *os.File
}

func (s *spool) Write(p []byte) (int, error) {
	if s.file == nil && s.memory.Len()+len(p) > spoolMemory {
		file, err := os.CreateTemp("", "wasmbin-*")
		if err != nil {
			return 0, err
		}
		s.file = file
	}
	n, err := s.target().Write(p)
	s.n += int64(n)
	return n, err
}

func (s *spool) target() io.Writer {
	if s.file != nil {
		return s.file
	}
	return &s.memory
}

// copyTo writes what was put aside to w.
func (s *spool) copyTo(w io.Writer) error {
	if _, err := w.Write(s.memory.Bytes()); err != nil || s.file == nil {
		return err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(w, s.file)
	return err
}

// Close removes the temporary file.
func (s *spool) Close() error {
	if s.file == nil {
		return nil
	}
	return errors.Join(s.file.Close(), os.Remove(s.file.Name()))
}
