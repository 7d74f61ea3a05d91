package daemon

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// userHz is the unit of start times in /proc, the same on every architecture Go
// runs on (proc(5): clock ticks; sysconf(_SC_CLK_TCK) is 100).
const userHz = 100

// stat returns the fields of /proc/PID/stat after the command's name, which may
// hold spaces and brackets itself: field 3 (state) comes first.
func stat(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
}

// zombie: in a container whose first process reaps nobody, the dead stay listed.
func zombie(pid int) bool {
	fields := stat(pid)
	return len(fields) > 0 && (fields[0] == "Z" || fields[0] == "X")
}

func startTime(pid int) (time.Time, bool) {
	fields := stat(pid)
	const starttime = 22 - 3
	if len(fields) <= starttime {
		return time.Time{}, false
	}
	ticks, err := strconv.ParseInt(fields[starttime], 10, 64)
	boot, known := bootTime()
	if err != nil || !known {
		return time.Time{}, false
	}
	return boot.Add(time.Duration(ticks) * time.Second / userHz), true
}

func bootTime() (time.Time, bool) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return time.Time{}, false
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "btime "); ok {
			seconds, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
			return time.Unix(seconds, 0), err == nil && seconds > 0
		}
	}
	return time.Time{}, false
}
