package testkit

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// Silent is the wasm of an actor that answers every call with nothing:
//
//	(module (memory (export "memory") 1)
//	  (func (export "_start"))
//	  (func (export "__guest_call") (param i32 i32) (result i32) i32.const 1))
const Silent = "\x00asm\x01\x00\x00\x00" +
	"\x01\x0a\x02\x60\x00\x00\x60\x02\x7f\x7f\x01\x7f" + // types
	"\x03\x03\x02\x00\x01" + // functions
	"\x05\x03\x01\x00\x01" + // memory
	"\x07\x22\x03\x06memory\x02\x00\x06_start\x00\x00\x0c__guest_call\x00\x01" + // exports
	"\x0a\x09\x02\x02\x00\x0b\x04\x00\x41\x01\x0b" // code

// Speaking is the wasm of an actor that answers every call with the same bytes, at most
// 63 of them: a test that needs an actor, but no compiler.
func Speaking(reply []byte) []byte { return speaking(reply, nil) }

// Counting is one that answers with the number of calls that its memory knows of, this one
// included, as a number of MessagePack: up to 127.
func Counting() []byte {
	// byte 0 = byte 0 + 1
	return speaking([]byte{0}, []byte{0x41, 0, 0x41, 0, 0x2d, 0, 0, 0x41, 1, 0x6a, 0x3a, 0, 0})
}

// speaking makes the module; first are instructions that run before the answer.
func speaking(reply, first []byte) []byte {
	section := func(id byte, body ...byte) []byte { return append([]byte{id, byte(len(body))}, body...) }
	name := func(s string) []byte { return append([]byte{byte(len(s))}, s...) }
	imports := append(append([]byte{1}, name("wapc")...), name("__guest_response")...)
	exports := append([]byte{3}, name("memory")...)
	exports = append(append(append(exports, 2, 0), name("_start")...), 0, 1)
	exports = append(append(exports, name("__guest_call")...), 0, 2)
	// __guest_call: first; __guest_response(0, len(reply)); return 1
	start := []byte{2, 0, 0x0b}
	call := slices.Concat([]byte{0}, first, []byte{0x41, 0, 0x41, byte(len(reply)), 0x10, 0, 0x41, 1, 0x0b})
	code := append(append(append([]byte{2}, start...), byte(len(call))), call...)
	module := []byte("\x00asm\x01\x00\x00\x00")
	for _, s := range [][]byte{
		section(1, 3, 0x60, 2, 0x7f, 0x7f, 0, 0x60, 0, 0, 0x60, 2, 0x7f, 0x7f, 1, 0x7f), // types
		section(2, append(imports, 0, 0)...),
		section(3, 2, 1, 2),    // functions
		section(5, 1, 0, 1),    // memory
		section(7, exports...), //
		section(10, code...),
		section(11, append([]byte{1, 0, 0x41, 0, 0x0b, byte(len(reply))}, reply...)...), // data
	} {
		module = append(module, s...)
	}
	return module
}

// Sign signs a wasm by the signer's command (given, because only tests may import it),
// with the development key.
func Sign(ctx context.Context, dir string, signer func(*cli.IO) *cobra.Command, wasm []byte, args ...string) ([]byte, error) {
	in, out := filepath.Join(dir, "unsigned.wasm"), filepath.Join(dir, "signed.wasm")
	if err := os.WriteFile(in, wasm, 0o600); err != nil {
		return nil, err
	}
	var said bytes.Buffer
	s := &cli.IO{In: strings.NewReader(""), Out: &said, Err: &said, Now: time.Now, Env: func(name string) string {
		return map[string]string{"HOME": dir}[name]
	}}
	args = append([]string{"sign", in, "--destination", out}, args...)
	if cli.Main(ctx, s, args, signer) != 0 {
		return nil, errors.New(said.String())
	}
	return os.ReadFile(out)
}
