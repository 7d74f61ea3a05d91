package par

import (
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"fmt"
	"io"
	"os"
	"runtime"
)

// CheckPlaced refuses what came out of an archive under this machine's name and
// is an executable for another one: names in an archive are what somebody typed.
func CheckPlaced(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := CheckMachine(f); err != nil {
		return fmt.Errorf("the archive's executable for %s is none: %w", HostTarget(), err)
	}
	return nil
}

// CheckMachine says for whom an executable is: what the system says of a foreign one,
// "exec format error", helps nobody. Forms that are not known here are left to it.
func CheckMachine(f io.ReaderAt) error {
	var goos, goarch string
	if e, err := elf.NewFile(f); err == nil {
		goos, goarch = "linux", map[elf.Machine]string{
			elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64", elf.EM_386: "386", elf.EM_ARM: "arm",
		}[e.Machine]
	} else if m, err := macho.NewFile(f); err == nil {
		goos, goarch = "darwin", map[macho.Cpu]string{macho.CpuAmd64: "amd64", macho.CpuArm64: "arm64"}[m.Cpu]
	} else if p, err := pe.NewFile(f); err == nil {
		goos, goarch = "windows", map[uint16]string{pe.IMAGE_FILE_MACHINE_AMD64: "amd64", pe.IMAGE_FILE_MACHINE_ARM64: "arm64"}[p.Machine]
	}
	if goos == "" || goarch == "" {
		return nil
	}
	// Other Unix systems use ELF too, and some machines run two kinds.
	sameSystem := goos == runtime.GOOS || goos == "linux" && runtime.GOOS != "darwin" && runtime.GOOS != "windows"
	both := goarch == runtime.GOARCH || goarch == "386" && runtime.GOARCH == "amd64" || goarch == "amd64" && runtime.GOOS == "darwin"
	if sameSystem && both {
		return nil
	}
	return fmt.Errorf("it is an executable for %s, and this machine is %s: build it for this one", TargetOf(goos, goarch), HostTarget())
}
