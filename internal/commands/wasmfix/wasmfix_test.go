package wasmfix

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbin"
)

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]func(*cli.IO) *cobra.Command{"wasmfix": Command})
}

// section gives a section with a size of five bytes, as compilers write it.
func section(id byte, body string) string {
	n := uint32(len(body))
	return string([]byte{id, byte(n) | 0x80, byte(n>>7) | 0x80, byte(n>>14) | 0x80, byte(n>>21) | 0x80, byte(n >> 28)}) + body
}

func custom(name, data string) string {
	return section(wasmbin.SectionCustom, string(wasmbin.AppendUint(nil, uint32(len(name))))+name+data)
}

const header = "\x00asm\x01\x00\x00\x00"

// parts of a module as a Go compiler writes it, in small.
type parts struct{ types, imports, memory, exports, code, data, more string }

func goActor() parts {
	return parts{
		types:   "\x03\x60\x02\x7f\x7f\x00\x60\x02\x7f\x7f\x01\x7f\x60\x00\x00",
		imports: "\x01\x07wasmbus\x0f__guest_request\x00\x00",
		memory:  "\x01\x00\x01",
		exports: "\x03\x0b_initialize\x00\x02\x0c__guest_call\x00\x01\x06memory\x02\x00",
		code:    "\x02\x04\x00\x41\x01\x0b\x02\x00\x0b",
		data:    "\x01\x00\x41\x00\x0b\x1awasmcloud:keyvaluedefault\x00",
	}
}

func (p parts) bytes() []byte {
	return []byte(header + section(wasmbin.SectionType, p.types) + section(wasmbin.SectionImport, p.imports) +
		section(wasmbin.SectionFunction, "\x02\x01\x02") + section(wasmbin.SectionMemory, p.memory) + section(wasmbin.SectionExport, p.exports) +
		section(wasmbin.SectionCode, p.code) + section(wasmbin.SectionData, p.data) + p.more + custom("name", "n"))
}

// modules are the inputs of the scripts and tables.
func modules() map[string][]byte {
	with := func(edit func(*parts)) []byte {
		p := goActor()
		p.exports = "\x03\x06_start\x00\x02\x0c__guest_call\x00\x01\x06memory\x02\x00"
		edit(&p)
		return p.bytes()
	}
	return map[string][]byte{
		"go.wasm":       goActor().bytes(),
		"started.wasm":  with(func(*parts) {}),
		"env.wasm":      with(func(p *parts) { p.imports = "\x01\x03env\x05abort\x00\x00" }),
		"cats.wasm":     with(func(p *parts) { p.imports = "\x01\x07wasmbus\x04cats\x00\x00" }),
		"mistyped.wasm": with(func(p *parts) { p.imports = "\x01\x07wasmbus\x0f__guest_request\x00\x02" }),
		"global.wasm": with(func(p *parts) {
			p.imports = "\x02\x07wasmbus\x0b__host_call\x03\x7f\x00\x07wasmbus\x0f__guest_request\x00\x00"
		}),
		"wasi.wasm":       with(func(p *parts) { p.imports = "\x01\x16wasi_snapshot_preview1\x08fd_write\x00\x00" }),
		"wasi2.wasm":      with(func(p *parts) { p.imports = "\x01\x16wasi_snapshot_preview1\x09sock_open\x00\x00" }),
		"unstable.wasm":   with(func(p *parts) { p.imports = "\x01\x0dwasi_unstable\x08fd_write\x00\x00" }),
		"wapc.wasm":       with(func(p *parts) { p.imports = "\x01\x04wapc\x0f__guest_request\x00\x00" }),
		"nocall.wasm":     with(func(p *parts) { p.exports = "\x02\x06_start\x00\x02\x06memory\x02\x00" }),
		"badcall.wasm":    with(func(p *parts) { p.exports = "\x03\x06_start\x00\x02\x0c__guest_call\x00\x02\x06memory\x02\x00" }),
		"nomemory.wasm":   with(func(p *parts) { p.exports = "\x02\x06_start\x00\x02\x0c__guest_call\x00\x01" }),
		"memory64.wasm":   with(func(p *parts) { p.memory = "\x01\x04\x01" }),
		"threads.wasm":    with(func(p *parts) { p.memory = "\x01\x03\x01\x02" }),
		"gc.wasm":         with(func(p *parts) { p.types = "\x01\x5f\x00" }),
		"tailcalls.wasm":  with(func(p *parts) { p.more = custom("target_features", "\x01+\x09tail-call") }),
		"exceptions.wasm": with(func(p *parts) { p.more = section(wasmbin.SectionTag, "\x01\x00\x02") }),
		"tailcall.wasm":   with(func(p *parts) { p.code = "\x02\x04\x00\x12\x00\x0b\x02\x00\x0b" }),
		"atomics.wasm":    with(func(p *parts) { p.code = "\x02\x05\x00\xfe\x03\x00\x0b\x02\x00\x0b" }),
		"oddcode.wasm":    with(func(p *parts) { p.code = "\x02\x02\x00\xf0\x02\x00\x0b" }),
		"signed.wasm":     with(func(p *parts) { p.more = custom("wasmcloud_jwt", "a.b.c") }),
		"component.wasm":  []byte("\x00asm\x0d\x00\x01\x00"),
		"text.wasm":       []byte("#!/bin/sh\n"),
		"half.wasm":       goActor().bytes()[:60],
	}
}

func lay(dir string) error {
	for name, body := range modules() {
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func TestScripts(t *testing.T) {
	testkit.Scripts(t, func(env *testscript.Env) error { return lay(env.WorkDir) })
}

func run(t *testing.T, args ...string) (code int, out, errText string) {
	t.Helper()
	var o, e bytes.Buffer
	s := &cli.IO{In: strings.NewReader(""), Out: &o, Err: &e, Env: func(string) string { return "" }, Now: time.Now}
	return cli.Main(context.Background(), s, args, Command), o.String(), e.String()
}

// What the classic hosts cannot load is refused by check and by the fixing
// itself, and nothing is written.
func TestRefused(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := lay(dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"started.wasm":    "",
		"wasi.wasm":       "",
		"unstable.wasm":   "",
		"wapc.wasm":       "",
		"env.wasm":        "unknown import env.abort (func): hosts offer wasmbus",
		"cats.wasm":       "unknown import wasmbus.cats",
		"mistyped.wasm":   "the import wasmbus.__guest_request has the type () -> (); that of the hosts has (i32, i32) -> ()",
		"global.wasm":     "unknown import wasmbus.__host_call (global)",
		"wasi2.wasm":      "WASI preview 1 has no such function",
		"nocall.wasm":     "does not export the function __guest_call",
		"badcall.wasm":    "its __guest_call has the type () -> (); hosts call (i32, i32) -> (i32)",
		"nomemory.wasm":   "does not export its memory",
		"memory64.wasm":   "it uses memory64",
		"threads.wasm":    "it uses threads",
		"gc.wasm":         "it uses gc",
		"tailcalls.wasm":  "it uses tail calls",
		"exceptions.wasm": "it uses exceptions",
		"tailcall.wasm":   "it uses tail calls",
		"atomics.wasm":    "it uses threads (atomics)",
		"oddcode.wasm":    "",
		"text.wasm":       "no sound wasm at byte 0",
		"half.wasm":       "no sound wasm at byte",
		"none.wasm":       "there is no file",
	} {
		for _, args := range [][]string{{"check", name}, {name, "-o", "out/new.wasm"}} {
			code, out, errText := run(t, args...)
			if want == "" && code != 0 || want != "" && (code != 1 || out != "" || !strings.Contains(errText, want)) {
				t.Errorf("wasmfix %s: exit %d: %s; want %q", strings.Join(args, " "), code, errText, want)
			}
		}
		if _, err := os.Stat("out/new.wasm"); (err == nil) != (want == "") {
			t.Errorf("%s: output: %v", name, err)
		}
		if err := os.RemoveAll("out"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestInspectJSON(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := lay(dir); err != nil {
		t.Fatal(err)
	}
	code, out, errText := run(t, "inspect", "go.wasm", "--caps", "wasmcloud:httpserver", "--output", "json")
	if code != 0 {
		t.Fatal(errText)
	}
	var got struct {
		Format                         string
		Signed                         bool
		Contracts, Unclaimed, Problems []string
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if got.Format != "module" || got.Signed || len(got.Contracts) != 1 || got.Contracts[0] != "wasmcloud:keyvalue" || len(got.Unclaimed) != 1 || len(got.Problems) != 1 {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(out, `"kind": "func",`) || !strings.Contains(out, `"type": "(i32, i32) -> (i32)"`) {
		t.Error(out)
	}
}

func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := lay(dir); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]int{
		"go.wasm -o x.wasm": 0, "inspect go.wasm": 0, "inspect env.wasm": 0, "check started.wasm": 0, "env.wasm -o x.wasm --no-check": 0,
		"check go.wasm": 1, "go.wasm -o go.wasm/x": 1, "go.wasm -o .": 1, "signed.wasm -o x.wasm": 1, "component.wasm -o x.wasm": 1, "inspect .": 1,
		"": 2, "go.wasm -o x.wasm --alias x": 2, "go.wasm started.wasm -o x.wasm": 2, "check": 2, "go.wasm -o x.wasm --what": 2,
	} {
		if code, _, errText := run(t, strings.Fields(args)...); code != want || (code == 0) != (errText == "") {
			t.Errorf("wasmfix %s: exit %d, want %d: %s", args, code, want, errText)
		}
	}
}

func BenchmarkFix2MiB(b *testing.B) {
	dir := b.TempDir()
	p := goActor()
	p.data = "\x01\x00\x41\x00\x0b\x80\x80\x80\x01" + strings.Repeat("wasmclou", 2<<20/8)
	source := filepath.Join(dir, "x.wasm")
	if err := os.WriteFile(source, p.bytes(), 0o644); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(2 << 20)
	for b.Loop() {
		s := &cli.IO{Out: io.Discard, Err: io.Discard, Env: func(string) string { return "" }, Now: time.Now}
		if code := cli.Main(context.Background(), s, []string{source, "-o", filepath.Join(dir, "y.wasm")}, Command); code != 0 {
			b.Fatalf("exit %d", code)
		}
	}
}
