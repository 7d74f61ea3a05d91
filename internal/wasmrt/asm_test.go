package wasmrt_test

import "slices"

// A guest is a tiny module put together by hand, for what compilers do not emit on request. Its
// functions take and give i32 only; imports come first in the numbering, then funcs in order.
// It has a memory of one page, exported as "memory".
type guest struct {
	imports []guestImport
	funcs   []guestFunc
	data    string // at address 1024
	noMem   bool
	table   bool // of functions, two long
	v128    bool // a second global, mutable and of that type
}

type guestImport struct {
	module, name    string
	params, results int
}

type guestFunc struct {
	export          string
	params, results int
	body            []byte // without the final end
}

// A few instructions.
const (
	opUnreachable = 0x00
	opLoop        = 0x03
	opBr          = 0x0c
	opEnd         = 0x0b
	opCall        = 0x10
	opDrop        = 0x1a
	opLocalGet    = 0x20
	opGlobalGet   = 0x23
	opGlobalSet   = 0x24
	opLoad        = 0x28
	opStore       = 0x36
	opGrow        = 0x40
	opConst       = 0x41
	opAdd         = 0x6a
	opMul         = 0x6c
	voidBlock     = 0x40
)

func call(index byte) []byte { return []byte{opCall, index} }
func drop() []byte           { return []byte{opDrop} }

func i32(v int32) []byte {
	out := []byte{opConst}
	for {
		b := byte(v & 0x7f)
		v >>= 7
		if v == 0 && b&0x40 == 0 || v == -1 && b&0x40 != 0 {
			return append(out, b)
		}
		out = append(out, b|0x80)
	}
}

func code(parts ...[]byte) []byte { return slices.Concat(parts...) }

// wasm assembles the module. One mutable i32 global, index 0, starts at 0.
func (g guest) wasm() []byte {
	var types, imports, funcs, exports, bodies [][]byte
	kind := func(params, results int) []byte {
		i32s := func(n int) []byte { return append(uleb(n), slices.Repeat([]byte{0x7f}, n)...) }
		types = append(types, slices.Concat([]byte{0x60}, i32s(params), i32s(results)))
		return uleb(len(types) - 1)
	}
	for _, f := range g.imports {
		imports = append(imports, slices.Concat(name(f.module), name(f.name), []byte{0}, kind(f.params, f.results)))
	}
	for i, f := range g.funcs {
		funcs = append(funcs, kind(f.params, f.results))
		if f.export != "" {
			exports = append(exports, slices.Concat(name(f.export), []byte{0}, uleb(len(g.imports)+i)))
		}
		body := slices.Concat([]byte{0}, f.body, []byte{opEnd})
		bodies = append(bodies, append(uleb(len(body)), body...))
	}
	if !g.noMem {
		exports = append(exports, slices.Concat(name("memory"), []byte{2, 0}))
	}
	data := slices.Concat([]byte{0}, i32(1024), []byte{opEnd}, name(g.data))
	var tables [][]byte
	if g.table {
		tables = [][]byte{{0x70, 0, 2}}
	}
	globals := [][]byte{slices.Concat([]byte{0x7f, 1}, i32(0), []byte{opEnd})}
	if g.v128 {
		globals = append(globals, slices.Concat([]byte{0x7b, 1, 0xfd, 12}, make([]byte, 16), []byte{opEnd}))
	}
	return slices.Concat([]byte("\x00asm\x01\x00\x00\x00"),
		section(1, types...), section(2, imports...), section(3, funcs...), section(4, tables...), section(5, []byte{0, 1}),
		section(6, globals...),
		section(7, exports...), section(10, bodies...), section(11, data))
}

func section(id byte, members ...[]byte) []byte {
	body := append(uleb(len(members)), slices.Concat(members...)...)
	return slices.Concat([]byte{id}, uleb(len(body)), body)
}

func name(s string) []byte { return append(uleb(len(s)), s...) }

func uleb(n int) []byte {
	var out []byte
	for ; n > 0x7f; n >>= 7 {
		out = append(out, byte(n)|0x80)
	}
	return append(out, byte(n))
}
