package parpack

import (
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
)

// builtFor gives what an executable was built for, "" if it does not say: it may
// be a script, or of a system that is not known here. ELF names no system for
// Linux, so one that names no other is Linux's.
func builtFor(path string) (par.Target, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no executable %s: build it first", path)
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	if e, err := elf.NewFile(f); err == nil {
		return elfTarget(e), nil
	}
	if m, err := macho.NewFile(f); err == nil {
		return named(map[macho.Cpu]string{macho.CpuAmd64: "x86_64-macos", macho.CpuArm64: "aarch64-macos"}, m.Cpu), nil
	}
	if p, err := pe.NewFile(f); err == nil {
		return named(map[uint16]string{
			pe.IMAGE_FILE_MACHINE_AMD64: "x86_64-windows", pe.IMAGE_FILE_MACHINE_ARM64: "aarch64-windows", pe.IMAGE_FILE_MACHINE_I386: "x86-windows",
		}, p.Machine), nil
	}
	return "", nil
}

func elfTarget(e *elf.File) par.Target {
	system := "linux"
	switch e.OSABI {
	case elf.ELFOSABI_NONE, elf.ELFOSABI_LINUX:
	case elf.ELFOSABI_FREEBSD:
		system = "freebsd"
	default:
		return ""
	}
	arch := named(map[elf.Machine]string{
		elf.EM_X86_64: "x86_64", elf.EM_AARCH64: "aarch64", elf.EM_ARM: "arm", elf.EM_386: "x86", elf.EM_RISCV: "riscv64", elf.EM_S390: "s390x",
	}, e.Machine)
	if arch == "" {
		return ""
	}
	return arch + "-" + par.Target(system)
}

func named[K comparable](names map[K]string, key K) par.Target { return par.Target(names[key]) }
