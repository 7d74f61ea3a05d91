package provider

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
)

// Store holds executables by their SHA-256, for their owner alone. (The original
// hosts use a folder of the shared /tmp, named by subject and revision: anybody
// can put a file there first, and a rebuilt provider runs stale.)
type Store struct{ files *fsx.CAS }

// OpenStore opens the store in dir, which is made 0700 if it is missing.
func OpenStore(dir string) (*Store, error) {
	files, err := fsx.OpenExecutables(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the folder of provider executables: %w", err)
	}
	return &Store{files}, nil
}

// Place returns the path of the executable with that hash (64 hex digits, of
// either case). One that is there already is hashed again, because what is
// about to run counts, not what was written once; a missing or damaged one is
// written by extract.
func (s *Store) Place(ctx context.Context, hash string, extract func(ctx context.Context, w io.Writer) error) (path string, err error) {
	digest := "sha256:" + strings.ToLower(hash)
	f, err := s.files.Open(digest)
	if errors.Is(err, fs.ErrNotExist) {
		if err := s.write(ctx, digest, extract); err != nil {
			return "", err
		}
		f, err = s.files.Open(digest)
	}
	if err != nil {
		return "", fmt.Errorf("placing the executable: %w", err)
	}
	return f.Name(), f.Close()
}

// write turns extract, which writes, into a reader for the store.
func (s *Store) write(ctx context.Context, digest string, extract func(ctx context.Context, w io.Writer) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, w := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.CloseWithError(extract(ctx, w))
	}()
	_, err := s.files.Put(ctx, digest, r)
	r.CloseWithError(io.ErrClosedPipe) // ends extract if Put gave up first
	<-done
	if err != nil {
		return fmt.Errorf("placing the executable: %w", err)
	}
	return nil
}
