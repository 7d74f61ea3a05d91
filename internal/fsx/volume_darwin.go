package fsx

import (
	"fmt"

	"golang.org/x/sys/unix"
)

func volumeOf(dir string) (Volume, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return Volume{}, fmt.Errorf("asking for the free space of %s: %w", dir, err)
	}
	return Volume{Free: st.Bavail * uint64(st.Bsize), NoExec: st.Flags&unix.MNT_NOEXEC != 0}, nil
}
