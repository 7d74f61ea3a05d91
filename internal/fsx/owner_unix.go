//go:build !windows

package fsx

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

func checkOwner(dir string, info fs.FileInfo) error {
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("the cache folder %s belongs to user %d, not to you: set WASMCLOUD_CACHE to a folder of your own", dir, st.Uid)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("the cache folder %s may be written by others (mode %04o): run chmod 0700 on it", dir, info.Mode().Perm())
	}
	return nil
}

// openNoFollow refuses a link: the store holds none, so one was planted.
// Non-blocking, so that a planted pipe cannot hang the reader.
func openNoFollow(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
}
