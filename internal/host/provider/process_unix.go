//go:build unix

package provider

import "syscall"

const errTextBusy = syscall.ETXTBSY

func terminateGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGTERM) }

func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
