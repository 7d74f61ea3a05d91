package parpack

import (
	"bytes"
	"debug/elf"
	bin "encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/signer"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]func(*cli.IO) *cobra.Command{"parpack": Command, "signer": signer.Command})
}

func key(kind strkey.Kind, raw byte) *strkey.Seed {
	return strkey.FromRaw(kind, [32]byte(bytes.Repeat([]byte{raw}, 32)))
}

// elfHeader is as much of an executable as tells what it was built for.
func elfHeader(t testing.TB, machine elf.Machine) []byte {
	t.Helper()
	var b bytes.Buffer
	h := elf.Header64{Type: uint16(elf.ET_EXEC), Machine: uint16(machine), Version: 1, Ehsize: 64, Shentsize: 64}
	copy(h.Ident[:], "\x7fELF\x02\x01\x01\x00")
	if err := bin.Write(&b, bin.LittleEndian, h); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// lay puts keys, wash's archives and executables into a folder: keys/A.nk is the
// account of the raw seed of 1s, keys/V.nk the service of 3s.
func lay(t testing.TB, dir string) {
	t.Helper()
	files := map[string][]byte{
		"keys/A.nk": []byte(key(strkey.Account, 1).Reveal()), "keys/B.nk": []byte(key(strkey.Account, 2).Reveal()),
		"keys/V.nk": []byte(key(strkey.Service, 3).Reveal()), "keys/W.nk": []byte(key(strkey.Service, 4).Reveal()),
		"keys/M.nk": []byte(key(strkey.Module, 2).Reveal()),
		"kv":        []byte("#!/bin/sh\necho kv $1\n"), "kv-arm": []byte("#!/bin/sh\necho arm\n"), "kv2": []byte("#!/bin/sh\necho kv two\n"),
		"x64": elfHeader(t, elf.EM_X86_64), "a64": elfHeader(t, elf.EM_AARCH64), "empty": nil,
		"zeros": make([]byte, 3<<20),
	}
	vectors, err := filepath.Glob("../../par/testdata/hello.*")
	if err != nil || len(vectors) == 0 {
		t.Fatal("no vectors", err)
	}
	for _, path := range vectors {
		if files["wash/"+filepath.Base(path)], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	for name, body := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestScripts(t *testing.T) {
	testkit.Scripts(t, func(env *testscript.Env) error {
		env.Setenv("HERE", string(par.HostTarget()))
		env.Setenv("HOME", env.WorkDir+"/home")
		lay(t, env.WorkDir)
		return nil
	})
}
