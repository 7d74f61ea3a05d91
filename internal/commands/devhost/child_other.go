//go:build !unix

package devhost

import (
	"io"
	"os"
	"os/exec"
	"syscall"
)

// Without process groups only the child itself can be ended.
func ownGroup(io.Reader) bool               { return false }
func groupAttr() *syscall.SysProcAttr       { return nil }
func terminate(p *os.Process, _ bool) error { return p.Kill() }
func killGroup(int)                         {}
func exitCode(exit *exec.ExitError) int     { return exit.ExitCode() }
