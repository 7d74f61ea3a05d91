package par

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// Target is what an executable runs on: ARCH-OS in the words of Rust, such as
// x86_64-linux. A host looks for its own and for nothing else.
type Target string

// names of Rust, and of Go where there is one.
type name struct{ rust, golang string }

func arches() []name {
	return []name{{"x86_64", "amd64"}, {"aarch64", "arm64"}, {"arm", "arm"}, {"x86", "386"}, {"riscv64", "riscv64"}, {"s390x", "s390x"}}
}

func systems() []name {
	return []name{{"linux", "linux"}, {"macos", "darwin"}, {"windows", "windows"}, {"freebsd", "freebsd"}}
}

// archAliases are spellings that no host computes.
func archAliases() map[string]string {
	return map[string]string{
		"amd64": "x86_64", "arm64": "aarch64", "386": "x86", "i386": "x86", "i586": "x86", "i686": "x86", "riscv64gc": "riscv64",
		"armv7": "arm", "armv7l": "arm", "armv6": "arm", "armv6l": "arm", "armhf": "arm", "thumbv7neon": "arm",
	}
}

// ParseTarget reads a target. Rust's triples (armv7-unknown-linux-gnueabihf) and
// other spellings become the one that hosts look for (arm-linux).
func ParseTarget(s string) (Target, error) {
	arch, rest, ok := strings.Cut(s, "-")
	if !ok {
		return "", unknownTarget(s)
	}
	if alias, ok := archAliases()[arch]; ok {
		arch = alias
	}
	rust := func(n name) string { return n.rust }
	if !slices.ContainsFunc(arches(), func(n name) bool { return rust(n) == arch }) {
		return "", unknownTarget(s)
	}
	parts := strings.Split(rest, "-")
	if len(parts) > 3 {
		return "", unknownTarget(s)
	}
	for _, part := range parts[:min(len(parts), 2)] { // system, or vendor and system
		for _, system := range systems() {
			if part == system.rust || part == system.golang {
				return Target(arch + "-" + system.rust), nil
			}
		}
	}
	return "", unknownTarget(s)
}

func unknownTarget(s string) error {
	return fmt.Errorf("%q is no target: want ARCH-OS as hosts name themselves, such as %s, aarch64-macos, arm-linux or x86_64-windows", s, HostTarget())
}

// HostTarget is what a host on this machine looks for.
func HostTarget() Target {
	return TargetOf(runtime.GOOS, runtime.GOARCH)
}

// TargetOf gives the target of what Go builds for an operating system and an
// architecture in Go's words. Names that Rust has too are kept.
func TargetOf(goos, goarch string) Target {
	return Target(translate(arches(), goarch) + "-" + translate(systems(), goos))
}

func translate(names []name, golang string) string {
	for _, n := range names {
		if n.golang == golang {
			return n.rust
		}
	}
	return golang
}

// GOOS is the system in Go's words, "" if Go has none for it.
func (t Target) GOOS() string {
	_, system, _ := strings.Cut(string(t), "-")
	return golang(systems(), system)
}

// GOARCH is the architecture in Go's words, "" if Go has none for it.
func (t Target) GOARCH() string {
	arch, _, _ := strings.Cut(string(t), "-")
	return golang(arches(), arch)
}

func golang(names []name, rust string) string {
	for _, n := range names {
		if n.rust == rust {
			return n.golang
		}
	}
	return ""
}

// Executable gives the name of an executable of this target: with .exe on Windows.
func (t Target) Executable(stem string) string {
	if t.GOOS() == "windows" {
		return stem + ".exe"
	}
	return stem
}
