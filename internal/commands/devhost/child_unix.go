//go:build unix

package devhost

import (
	"io"
	"os"
	"os/exec"
	"syscall"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// ownGroup says whether the child gets a process group of its own, so that it
// can be ended with everything it started. With a terminal on stdin it stays in
// ours: a background group may not read from it, and Ctrl-C reaches both.
func ownGroup(stdin io.Reader) bool {
	w, ok := stdin.(io.Writer)
	return !ok || !cli.IsTerminal(w)
}

func groupAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func terminate(p *os.Process, group bool) error {
	if group {
		return syscall.Kill(-p.Pid, syscall.SIGTERM)
	}
	return p.Signal(syscall.SIGTERM)
}

// killGroup ends what the child left behind. An empty group gives an error
// that says nothing new.
func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

// exitCode follows the shells for a child that a signal ended.
func exitCode(exit *exec.ExitError) int {
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return exit.ExitCode()
}
