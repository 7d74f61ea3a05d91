package oci

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
)

type fileSource struct {
	path, digest string
	size         int64
}

// FileSource is the file at path, whose digest ("sha256:…") and size the
// caller knows from reading it. A file that has changed since makes the push
// fail rather than the artifact.
func FileSource(path, digest string, size int64) Source {
	return fileSource{path, digest, size}
}

// HashFile is a FileSource whose digest is found by reading path once.
func HashFile(path string) (Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return FileSource(path, "sha256:"+hex.EncodeToString(h.Sum(nil)), n), nil
}

func (s fileSource) Open() (io.ReadCloser, error) { return os.Open(s.path) }
func (s fileSource) Size() int64                  { return s.size }
func (s fileSource) Digest() string               { return s.digest }

type bytesSource struct {
	b      []byte
	digest string
}

// BytesSource is for small layers that are in memory anyway.
func BytesSource(b []byte) Source { return bytesSource{b, digestOf(b)} }

func (s bytesSource) Open() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(s.b)), nil }
func (s bytesSource) Size() int64                  { return int64(len(s.b)) }
func (s bytesSource) Digest() string               { return s.digest }
