package fsx

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// pending stands in for renameio, which does not build for Windows because a
// rename there is not atomic on a crash. It still never shows half a file.
type pending struct {
	*os.File
	path string
	done bool
}

func newPending(path string, _ fs.FileMode) (*pending, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path))
	if err != nil {
		return nil, err
	}
	return &pending{File: f, path: path}, nil
}

// Cleanup removes the temporary file unless it became the real one.
func (p *pending) Cleanup() error {
	if p.done {
		return nil
	}
	p.done = true
	return errors.Join(p.File.Close(), os.Remove(p.File.Name()))
}

// CloseAtomicallyReplace flushes the file and moves it over path.
func (p *pending) CloseAtomicallyReplace() error {
	if err := p.Sync(); err != nil {
		return err
	}
	if err := p.File.Close(); err != nil {
		return err
	}
	if err := os.Rename(p.File.Name(), p.path); err != nil {
		return err
	}
	p.done = true
	return nil
}
