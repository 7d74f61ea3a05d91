package fsx

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// CAS is a folder of files named by their own SHA-256 (64 hex digits). It is
// the owner's alone: what comes out of it gets executed. It may be shared by
// processes; there is nothing to lock, for equal names mean equal bytes.
type CAS struct {
	dir    string
	mode   fs.FileMode
	suffix string // of the file names
}

// OpenCAS opens the store in dir, making the folder (0700) if need be. A
// folder that others may write to, or that is somebody else's, is refused.
func OpenCAS(dir string) (*CAS, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the cache folder: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return nil, fmt.Errorf("looking at the cache folder: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("the cache %s is not a folder: remove it or set WASMCLOUD_CACHE to another place", dir)
	}
	if err := checkOwner(dir, info); err != nil {
		return nil, err
	}
	return &CAS{dir: dir, mode: 0o400}, nil
}

// OpenExecutables is OpenCAS for files that are run: their mode is 0500, and on
// Windows, which starts nothing else, their names end in .exe.
func OpenExecutables(dir string) (*CAS, error) {
	c, err := OpenCAS(dir)
	if err != nil {
		return nil, err
	}
	c.mode = 0o500
	if runtime.GOOS == "windows" {
		c.suffix = ".exe"
	}
	return c, nil
}

// Put stores what r yields under digest ("sha256:" and 64 hex digits). The
// file appears only after its bytes were found to have that digest.
func (c *CAS) Put(ctx context.Context, digest string, r io.Reader) (path string, err error) {
	path, err = c.path(digest)
	if err != nil {
		return "", err
	}
	err = WriteFile(path, c.mode, func(w io.Writer) error {
		h := sha256.New()
		if _, err := io.Copy(io.MultiWriter(w, h), Stoppable(ctx, r)); err != nil {
			return err
		}
		if got := "sha256:" + hex.EncodeToString(h.Sum(nil)); got != digest {
			return fmt.Errorf("wanted the bytes of %s, got those of %s", digest, got)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return path, nil
}

// Open gives the file of digest, read once to see that it still has that
// digest. One that has not is removed. A missing or removed file gives an
// error that is fs.ErrNotExist: fetch it anew.
func (c *CAS) Open(digest string) (*os.File, error) {
	path, err := c.path(digest)
	if err != nil {
		return nil, err
	}
	f, err := openNoFollow(path)
	if err != nil {
		if info, lerr := os.Lstat(path); lerr == nil && !info.Mode().IsRegular() {
			return nil, discard(path)
		}
		return nil, err
	}
	if err := verify(f, digest); err != nil {
		f.Close()
		if errors.Is(err, errCorrupt) {
			return nil, discard(path)
		}
		return nil, fmt.Errorf("checking %s: %w", path, err)
	}
	return f, nil
}

// discard removes a damaged entry; its error is fs.ErrNotExist, for to the
// caller the entry is not there (any more).
func discard(path string) error {
	return fmt.Errorf("%s was damaged and is removed: %w", path, errors.Join(fs.ErrNotExist, os.RemoveAll(path)))
}

var errCorrupt = errors.New("content does not have the digest of its name")

func verify(f *os.File, digest string) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errCorrupt
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if "sha256:"+hex.EncodeToString(h.Sum(nil)) != digest {
		return errCorrupt
	}
	_, err = f.Seek(0, io.SeekStart)
	return err
}

func (c *CAS) path(digest string) (string, error) {
	name, ok := strings.CutPrefix(digest, "sha256:")
	if raw, err := hex.DecodeString(name); !ok || err != nil || len(raw) != sha256.Size || name != strings.ToLower(name) {
		return "", fmt.Errorf("%q is no digest: want sha256: and 64 lower-case hex digits", digest)
	}
	return filepath.Join(c.dir, name+c.suffix), nil
}
