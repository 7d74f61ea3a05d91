//go:build !windows

package fsx

import (
	"io/fs"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// newPending opens the temporary file in path's own folder: a rename across
// file systems would not be atomic.
func newPending(path string, mode fs.FileMode) (*renameio.PendingFile, error) {
	return renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)), renameio.WithPermissions(mode))
}
