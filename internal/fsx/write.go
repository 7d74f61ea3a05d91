package fsx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile makes path hold exactly what write writes, or leaves it as it was.
// The bytes go to a temporary file beside path, are flushed to the disk and
// renamed over it; missing parent folders are made. mode is subject to umask.
//
// A symbolic link is followed, as open(2) would. A device or a pipe is written
// straight into, because renaming over /dev/stdout would replace the device.
func WriteFile(path string, mode fs.FileMode, write func(w io.Writer) error) error {
	_, err := writeFile(path, mode, write, false)
	return err
}

// WriteFileIfChanged is WriteFile, but leaves a file that already has the same
// bytes untouched, modification time included, so that make sees no change.
// A mode wider than asked for is narrowed. It reports whether bytes changed.
//
// It is for what can be made again: the bytes are not flushed to the disk, so a
// loss of power may leave an older or an empty file, which the next run finds
// to be different and replaces. Keys and state belong to WriteFile.
func WriteFileIfChanged(path string, mode fs.FileMode, write func(w io.Writer) error) (changed bool, err error) {
	return writeFile(path, mode, write, true)
}

func writeFile(path string, mode fs.FileMode, write func(w io.Writer) error, compare bool) (changed bool, err error) {
	if path == "" {
		return false, errors.New("no file name was given to write to")
	}
	path, info, err := destination(path)
	if err != nil {
		return false, err
	}
	if info != nil && !info.Mode().IsRegular() {
		return true, writeThrough(path, write)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return false, fmt.Errorf("making the folder of %s: %w", path, err)
	}
	tmp, err := newPending(path, mode)
	if err != nil {
		return false, fmt.Errorf("writing %s: %w", path, err)
	}
	defer tmp.Cleanup() // a no-op once replaced

	if err := write(tmp); err != nil {
		return false, fmt.Errorf("writing %s: %w", path, err)
	}
	if compare && info != nil {
		same, err := sameBytes(tmp, path)
		if err != nil {
			return false, fmt.Errorf("comparing with the present %s: %w", path, err)
		}
		if same {
			return false, narrow(path, info, mode)
		}
	}
	replace := tmp.CloseAtomicallyReplace
	if compare {
		replace = func() error { return moveOver(tmp, path) }
	}
	if err := replace(); err != nil {
		return false, fmt.Errorf("writing %s: %w", path, err)
	}
	return true, nil
}

// moveOver replaces path without waiting for the disk, which takes as long as
// signing a small module twice over.
func moveOver(tmp interface {
	io.Closer
	Name() string
}, path string) error {
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// destination resolves links and looks at what lies at path; info is nil if
// nothing does.
func destination(path string) (string, fs.FileInfo, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return path, nil, nil
	case err != nil:
		return "", nil, fmt.Errorf("looking at %s: %w", path, err)
	case info.IsDir():
		return "", nil, fmt.Errorf("%s is a folder, and a file is to be written there: remove it or name another file", path)
	}
	return path, info, nil
}

func writeThrough(path string, write func(w io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// narrow takes away permissions that mode does not grant, so that a key file
// once made too open is closed even when its content is up to date.
func narrow(path string, info fs.FileInfo, mode fs.FileMode) error {
	have := info.Mode().Perm()
	if have&^mode == 0 {
		return nil
	}
	if err := os.Chmod(path, have&mode); err != nil {
		return fmt.Errorf("narrowing the permissions of %s: %w", path, err)
	}
	return nil
}

// sameBytes compares what was written to tmp with the file at path, chunk by
// chunk: outputs may be larger than memory should be.
func sameBytes(tmp io.ReadSeeker, path string) (bool, error) {
	old, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer old.Close()
	size, err := tmp.Seek(0, io.SeekEnd)
	if err != nil {
		return false, err
	}
	if info, err := old.Stat(); err != nil || info.Size() != size {
		return false, err
	}
	if _, err := tmp.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	return equalReaders(tmp, old)
}

func equalReaders(a, b io.Reader) (bool, error) {
	const chunk = 128 << 10
	bufA, bufB := make([]byte, chunk), make([]byte, chunk)
	for {
		n, errA := io.ReadFull(a, bufA)
		m, errB := io.ReadFull(b, bufB)
		if !bytes.Equal(bufA[:n], bufB[:m]) {
			return false, nil
		}
		endA, endB := atEnd(errA), atEnd(errB)
		switch {
		case errA != nil && !endA:
			return false, errA
		case errB != nil && !endB:
			return false, errB
		case endA || endB:
			return endA && endB, nil
		}
	}
}

func atEnd(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
