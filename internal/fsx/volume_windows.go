package fsx

import (
	"fmt"

	"golang.org/x/sys/windows"
)

func volumeOf(dir string) (Volume, error) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return Volume{}, fmt.Errorf("folder %q: %w", dir, err)
	}
	var v Volume
	if err := windows.GetDiskFreeSpaceEx(path, &v.Free, nil, nil); err != nil {
		return Volume{}, fmt.Errorf("asking for the free space of %s: %w", dir, err)
	}
	return v, nil
}
