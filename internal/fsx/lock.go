package fsx

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// Lock takes the lock file at path for this process, waiting for others until
// ctx ends. The file stays behind when unlocked: removing it would let two
// processes hold "the" lock on different files of one name.
func Lock(ctx context.Context, path string) (unlock func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, fmt.Errorf("making the folder of the lock %s: %w", path, err)
	}
	type result struct {
		unlock func()
		err    error
	}
	// The system's lock call cannot be cancelled, so it gets a goroutine of its
	// own; one that comes too late lets go again at once.
	got := make(chan result)
	go func() {
		unlock, err := lockedfile.MutexAt(path).Lock()
		select {
		case got <- result{unlock, err}:
		case <-ctx.Done():
			if err == nil {
				unlock()
			}
		}
	}()
	select {
	case r := <-got:
		if r.err != nil {
			return nil, fmt.Errorf("locking %s: %w", path, r.err)
		}
		return r.unlock, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for the lock %s, held by another process: %w", path, ctx.Err())
	}
}
