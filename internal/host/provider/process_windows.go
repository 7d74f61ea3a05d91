package provider

import (
	"os"
	"syscall"
)

// errTextBusy: a file that is open cannot be started here either.
const errTextBusy = syscall.Errno(32) // ERROR_SHARING_VIOLATION

func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// terminateGroup: there is no signal that a process without a console gets.
func terminateGroup(pid int) { killGroup(pid) }

func killGroup(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill()
		_ = p.Release()
	}
}
