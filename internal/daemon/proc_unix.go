//go:build unix

package daemon

import (
	"errors"
	"os"
	"syscall"
)

// detached gives the child a session of its own: a closed terminal or a Ctrl-C
// in make must not end it.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

func terminate(p *os.Process) error { return p.Signal(syscall.SIGTERM) }

// kill ends the whole session the child leads, its own children included.
func kill(p *os.Process) {
	if syscall.Kill(-p.Pid, syscall.SIGKILL) != nil {
		p.Kill()
	}
}

// exists reports whether a process has this number. Another user's counts.
func exists(pid int) bool {
	err := syscall.Kill(pid, 0)
	return (err == nil || errors.Is(err, syscall.EPERM)) && !zombie(pid)
}
