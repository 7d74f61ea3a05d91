package par

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

// header is an executable file's, with nothing behind it.
func header(magic string, size int, machineAt int, machine uint32) []byte {
	b := make([]byte, size)
	copy(b, magic)
	binary.LittleEndian.PutUint32(b[machineAt:], machine)
	return b
}

func TestCheckMachine(t *testing.T) {
	elf := func(machine uint16) []byte {
		b := header("\x7fELF\x02\x01\x01", 64, 18, uint32(machine))
		b[16], b[20] = 2, 1 // an executable, of version 1
		binary.LittleEndian.PutUint16(b[52:], 64)
		binary.LittleEndian.PutUint16(b[54:], 56)
		binary.LittleEndian.PutUint16(b[58:], 64)
		return b
	}
	macho := header("\xcf\xfa\xed\xfe", 32, 4, 0x0100000c)
	for name, tt := range map[string]struct {
		file []byte
		says string
	}{
		"arm64 linux": {elf(183), "aarch64-linux"},
		"x86 linux":   {elf(62), "x86_64-linux"},
		"arm64 macos": {macho, "aarch64-macos"},
		"script":      {[]byte("#!/bin/sh\n"), ""},
		"empty":       {nil, ""},
		"other":       {elf(243), ""}, // RISC-V: left to the system
	} {
		err := CheckMachine(bytes.NewReader(tt.file))
		switch {
		case tt.says == "" || tt.says == string(HostTarget()):
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		case err == nil || !strings.Contains(err.Error(), "it is an executable for "+tt.says+", and this machine is "+string(HostTarget())):
			t.Errorf("%s: %v", name, err)
		}
	}
}
