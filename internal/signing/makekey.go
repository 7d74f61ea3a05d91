package signing

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// MakeKey makes a key file readable by its owner alone, or reads the one that is
// there: that is never overwritten, whatever it holds. Only folders made here get
// their permissions from here.
func MakeKey(path string, kind strkey.Kind) (seed *strkey.Seed, created bool, err error) {
	if _, err := os.Lstat(path); err == nil {
		seed, err := strkey.ReadFile(path, kind)
		return seed, false, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, false, err
	}
	if seed, err = strkey.Generate(kind, rand.Reader); err != nil {
		return nil, false, err
	}
	err = writeKey(path, seed)
	if errors.Is(err, fs.ErrExist) { // somebody was faster: theirs counts
		seed, err = strkey.ReadFile(path, kind)
		return seed, false, err
	}
	return seed, err == nil, err
}

// writeKey writes the 58 characters, without a newline: wash reads no other.
// The file appears whole: it is linked to its name, which fails if that is taken.
func writeKey(path string, seed *strkey.Seed) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(tmp.Name())) }()
	_, err = tmp.WriteString(seed.Reveal())
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Link(tmp.Name(), path)
}
