package signer

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

func TestExitCodes(t *testing.T) {
	w := newWorld(t)
	hash := strings.Repeat("0", 64)
	for args, want := range map[string]int{
		"sign padded.wasm -n x":                       0,
		"hash padded.wasm":                            0,
		"keys gen user":                               0,
		"sign none.wasm -n x":                         1,
		"sign padded.wasm -n x -i keys/M.nk":          1,
		"inspect padded.wasm":                         1,
		"verify vectors/probe_expired_s.wasm":         1,
		"embed padded.wasm padded.wasm":               1,
		"keys get none -d keys":                       1,
		"keys list":                                   1, // no HOME, no WASH_KEYS
		"keys doctor nowhere":                         1,
		"token operator -n x":                         1,
		"sign":                                        2,
		"sign padded.wasm":                            2,
		"sign padded.wasm -n x --nonsense":            2,
		"sign padded.wasm -n x -r 2147483648":         2,
		"sign padded.wasm -n x -r -2147483649":        2,
		"sign padded.wasm -n x -a A":                  2,
		"sign padded.wasm -n x -p -q -k":              2,
		"sign padded.wasm -n x --section old":         2,
		"sign padded.wasm -n x -o yaml":               2,
		"verify vectors/probe_s.wasm -i M":            2,
		"token actor --hash " + hash:                  2,
		"token actor -n x --hash e3":                  2,
		"token provider -n x":                         2,
		"token provider -n x -c c -v v --hash x86=00": 2,
		"token":                2,
		"keys gen cats":        2,
		"keys get a/b -d keys": 2,
		"keys init a b":        2,
		"nonsense":             2,
		"":                     2,
	} {
		if code, out, errText := w.run(strings.Fields(args)...); code != want || code != 0 && (out != "" || errText == "") {
			t.Errorf("signer %s: exit %d, want %d: %s%s", args, code, want, out, errText)
		}
	}
}

// stopper ends the context when half of a module was read.
type stopper struct {
	io.Reader
	stop func()
}

func (s *stopper) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p[:min(len(p), 4096)])
	s.stop()
	return n, err
}

// An interruption leaves the output of before, and nothing beside it.
func TestInterrupted(t *testing.T) {
	w := newWorld(t)
	module := w.file("probe.wasm")
	for _, args := range [][]string{
		{"sign", "-", "-n", "x", "-d", "out/x.wasm"}, {"hash", "-"}, {"inspect", "-"},
	} {
		if err := os.MkdirAll("out", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("out/x.wasm", []byte("before"), 0o644); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		var out, errText bytes.Buffer
		s := &cli.IO{In: &stopper{bytes.NewReader(module), stop}, Out: &out, Err: &errText, Env: func(string) string { return "" }, Now: time.Now}
		if code := cli.Main(ctx, s, args, Command); code != 1 || !strings.Contains(errText.String(), "interrupted") || out.Len() > 0 {
			t.Errorf("%s: exit %d: %s", args, code, errText.String())
		}
		if left, _ := filepath.Glob("out/*"); len(left) != 1 || string(w.file("out/x.wasm")) != "before" {
			t.Errorf("%s: left behind %q", args, left)
		}
		if hidden, _ := filepath.Glob("out/.*"); len(hidden) != 0 {
			t.Errorf("%s: left behind %q", args, hidden)
		}
	}
}

// What a token says must not steer the terminal that shows it.
func TestInspectPrintsNoControlCharacters(t *testing.T) {
	w := newWorld(t)
	w.must("sign", "padded.wasm", "-n", "x\x1b[2Jy", "-v", "1\r0", "-t", "a\x07")
	out := w.must("inspect", "padded_s.wasm")
	if strings.ContainsAny(out, "\x1b\r\x07") || !strings.Contains(out, "x\uFFFD[2Jy") {
		t.Errorf("%q", out)
	}
}

func TestNameMustBeUTF8(t *testing.T) {
	w := newWorld(t)
	if code, _, errText := w.run("sign", "padded.wasm", "-n", "\xff"); code != 2 || !strings.Contains(errText, "not UTF-8") {
		t.Errorf("exit %d: %s", code, errText)
	}
}

// benchSize is that of a module at the upper end of what is signed.
const benchSize = 60 << 20

func BenchmarkSign60MiB(b *testing.B) {
	dir := b.TempDir()
	source := filepath.Join(dir, "big.wasm")
	head := []byte("\x00asm\x01\x00\x00\x00\x0b\x80\x80\x80\x9e\x00") // a data section of 60 MiB
	if err := os.WriteFile(source, append(head, make([]byte, benchSize)...), 0o644); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(benchSize)
	n := byte(0)
	for b.Loop() {
		n++ // another name each time: an unchanged output would not be written
		s := &cli.IO{Out: io.Discard, Err: io.Discard, Env: func(string) string { return "" }, Now: time.Now}
		args := []string{"sign", source, "-n", strings.Repeat("x", int(n))}
		if code := cli.Main(context.Background(), s, args, Command); code != 0 {
			b.Fatalf("exit %d", code)
		}
	}
}
