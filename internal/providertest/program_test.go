package providertest

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
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
		err := checkMachine(bytes.NewReader(tt.file))
		switch {
		case tt.says == "" || tt.says == string(par.HostTarget()):
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		case err == nil || !strings.Contains(err.Error(), "it is an executable for "+tt.says+", and this machine is "+string(par.HostTarget())):
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPorts(t *testing.T) {
	p := ports{}
	a, err := p.fill("127.0.0.1:{port} {port2} {port}")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Fields(a)
	if parts[0] != "127.0.0.1:"+parts[2] || parts[1] == parts[2] || strings.ContainsAny(a, "{}") {
		t.Errorf("ports %q", a)
	}
	if b, err := p.fill("{port2}{port1}{ports}"); err != nil || b != parts[1]+"{port1}{ports}" {
		t.Errorf("ports again: %q, %v", b, err)
	}
}

func TestOutput(t *testing.T) {
	o := output{added: make(chan struct{}, 1)}
	if o.text() != "the provider wrote nothing" {
		t.Error(o.text())
	}
	for range 30 * keptLines {
		o.add("a")
	}
	from := o.count()
	o.add("b")
	if got := o.since(from); len(got) != 1 || got[0] != "b" {
		t.Errorf("since: %q", got)
	}
	if got := o.since(from + 5); len(got) != 0 {
		t.Errorf("since later: %q", got)
	}
	if got := len(o.since(0)); got != 10*keptLines {
		t.Errorf("%d lines are kept", got)
	}
	if text := o.text(); !strings.HasPrefix(text, "the last 40 of 1201 lines") || !strings.HasSuffix(text, "\n  b") {
		t.Errorf("text: %s", text)
	}
}
