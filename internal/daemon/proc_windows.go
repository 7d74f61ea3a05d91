package daemon

import (
	"os"
	"syscall"
	"time"
)

// From the Windows SDK; package syscall does not name them.
const (
	detachedProcess = 0x00000008
	queryLimited    = 0x1000
	stillActive     = 259
)

// detached keeps Ctrl-C and the closing of the console from the child.
func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP | detachedProcess, HideWindow: true}
}

// terminate kills: a process without a console cannot be asked.
func terminate(p *os.Process) error { return p.Kill() }

func kill(p *os.Process) { p.Kill() }

func exists(pid int) bool {
	h, err := syscall.OpenProcess(queryLimited, false, uint32(pid))
	if err != nil {
		return false
	}
	defer syscall.CloseHandle(h)
	var code uint32
	return syscall.GetExitCodeProcess(h, &code) == nil && code == stillActive
}

func startTime(pid int) (time.Time, bool) {
	h, err := syscall.OpenProcess(queryLimited, false, uint32(pid))
	if err != nil {
		return time.Time{}, false
	}
	defer syscall.CloseHandle(h)
	var creation, exit, kernel, user syscall.Filetime
	if syscall.GetProcessTimes(h, &creation, &exit, &kernel, &user) != nil {
		return time.Time{}, false
	}
	return time.Unix(0, creation.Nanoseconds()), true
}
