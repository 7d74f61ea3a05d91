package fsx

import (
	"os"
	"path/filepath"
)

// Volume is what a file system says of itself.
type Volume struct {
	Free   uint64 // bytes that this user may still write
	NoExec bool   // programs that lie there may not be run; always false where nobody says
}

// VolumeOf describes the file system that dir is on, or would be on if it were made. The
// error wraps errors.ErrUnsupported where there is no way to ask.
func VolumeOf(dir string) (Volume, error) {
	return volumeOf(Existing(dir))
}

// Existing gives dir, or the nearest of its parents that exists.
func Existing(dir string) string {
	for {
		up := filepath.Dir(dir)
		if _, err := os.Stat(dir); err == nil || up == dir {
			return dir
		}
		dir = up
	}
}
