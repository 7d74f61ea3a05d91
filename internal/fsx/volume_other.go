//go:build !linux && !darwin && !windows

package fsx

import (
	"errors"
	"fmt"
)

func volumeOf(dir string) (Volume, error) {
	return Volume{}, fmt.Errorf("asking for the free space of %s: %w", dir, errors.ErrUnsupported)
}
