//go:build unix && !linux && !darwin

package daemon

import "time"

// Elsewhere a process is known by its number alone.

func zombie(int) bool { return false }

func startTime(int) (time.Time, bool) { return time.Time{}, false }
