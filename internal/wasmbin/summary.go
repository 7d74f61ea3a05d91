package wasmbin

import (
	"errors"
	"fmt"
	"strings"
)

// Kind is the kind of a thing that a module imports or exports.
type Kind byte

// The kinds of imports and exports.
const (
	Func Kind = iota
	Table
	Memory
	Global
	Tag
)

func (k Kind) String() string {
	names := [...]string{"func", "table", "memory", "global", "tag"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("kind %d", byte(k))
}

// MarshalText gives the kind's name.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// FuncType is a function's type in the text form of wasm, such as
// "(i32, i32) -> (i32)". It is "" where it is not known.
type FuncType string

// Import is one thing that a module wants from its host.
type Import struct {
	Module string   `json:"module"`
	Name   string   `json:"name"`
	Kind   Kind     `json:"kind"`
	Type   FuncType `json:"type,omitempty"` // of functions
}

// Export is one thing that a module offers to its host.
type Export struct {
	Name  string   `json:"name"`
	Kind  Kind     `json:"kind"`
	Type  FuncType `json:"type,omitempty"` // of functions
	Index uint32   `json:"index"`
}

// Custom is a custom section.
type Custom struct {
	Name    string `json:"name"`
	Size    uint32 `json:"size"` // bytes of its body
	Dropped bool   `json:"dropped,omitempty"`
}

// Summary tells what a module needs and offers.
type Summary struct {
	Format  Format
	Imports []Import
	Exports []Export
	Customs []Custom
	// Features names what the module uses beyond the features that every host of
	// wasmCloud 0.5x to 0.82 has, as types, limits, sections and instructions show.
	Features []string
	// CodeUnread says that the instructions were not read to their end: for the
	// sake of a feature, or because they are broken, which an engine tells better.
	CodeUnread bool
	// Contracts are the texts in the data that look like contract ids, sorted.
	Contracts []string
	// Aliased are the exports that were added.
	Aliased []string
	// Globals are the exports of mutable globals that were added.
	Globals []string
	// Data is what was taken out; see Settled.
	Data []Segment
	// Size is the number of bytes written, Read that of bytes read.
	Size, Read int64

	types     []FuncType
	functions []uint32 // type indexes, imports first
	memories  int
	globals   []global // imports first
	lasting   string   // see codeScanner
	starts    bool     // has a start section
	copies    bool     // has memory.init
	unplaced  bool     // Data has an entry whose place is not known
}

// errFeature stops the reading of a section that cannot be read further, because
// it uses something that this package does not know.
var errFeature = errors.New("unknown feature")

func (s *Summary) feature(name string) {
	for _, f := range s.Features {
		if f == name {
			return
		}
	}
	s.Features = append(s.Features, name)
}

func (s *Summary) stop(c *cursor, feature string) {
	s.feature(feature)
	c.fail(errFeature)
}

// read takes the facts from one section's body.
func (s *Summary) read(id byte, body []byte) error {
	c := &cursor{data: body}
	switch id {
	case SectionType:
		c.each(func() { s.types = append(s.types, s.funcType(c)) })
	case SectionImport:
		c.each(func() { s.Imports = append(s.Imports, s.importEntry(c)) })
	case SectionFunction:
		c.each(func() { s.functions = append(s.functions, c.uint()) })
	case SectionTable:
		c.each(func() { s.tableType(c) })
	case SectionMemory:
		c.each(func() { s.memoryType(c) })
	case SectionGlobal:
		c.each(func() { s.globalEntry(c) })
	case SectionTag:
		s.stop(c, "exceptions")
	case SectionExport:
		c.each(func() { s.Exports = append(s.Exports, s.exportEntry(c)) })
	}
	if errors.Is(c.err, errFeature) {
		return nil
	}
	return c.done()
}

func (s *Summary) funcType(c *cursor) FuncType {
	if form := c.byte(); form != 0x60 && c.err == nil {
		s.stop(c, "gc") // 4e, 4f, 50, 5e, 5f: recursive groups, structs, arrays
		return ""
	}
	return FuncType("(" + s.valTypes(c) + ") -> (" + s.valTypes(c) + ")")
}

func (s *Summary) valTypes(c *cursor) string {
	var types []string
	c.each(func() { types = append(types, s.valType(c)) })
	return strings.Join(types, ", ")
}

func (s *Summary) valType(c *cursor) string {
	switch b := c.byte(); b {
	case 0x7F:
		return "i32"
	case 0x7E:
		return "i64"
	case 0x7D:
		return "f32"
	case 0x7C:
		return "f64"
	case 0x7B:
		return "v128"
	case 0x70:
		return "funcref"
	case 0x6F:
		return "externref"
	case 0x69, 0x74:
		s.stop(c, "exceptions")
	case 0x63, 0x64:
		s.stop(c, "typed function references")
	default:
		if b >= 0x68 && b <= 0x73 {
			s.stop(c, "gc")
		} else {
			c.fail(fmt.Errorf("a type of %#02x, which is none", b))
		}
	}
	return ""
}

func (s *Summary) typeAt(index uint32) FuncType {
	if uint64(index) < uint64(len(s.types)) {
		return s.types[index]
	}
	return ""
}

func (s *Summary) importEntry(c *cursor) Import {
	i := Import{Module: c.name(), Name: c.name(), Kind: Kind(c.byte())}
	switch i.Kind {
	case Func:
		index := c.uint()
		s.functions = append(s.functions, index)
		i.Type = s.typeAt(index)
	case Table:
		s.tableType(c)
	case Memory:
		s.memoryType(c)
	case Global:
		s.globals = append(s.globals, s.globalType(c))
	case Tag:
		s.stop(c, "exceptions")
	default:
		c.fail(fmt.Errorf("an import of %s, which is none", i.Kind))
	}
	return i
}

func (s *Summary) exportEntry(c *cursor) Export {
	e := Export{Name: c.name(), Kind: Kind(c.byte()), Index: c.uint()}
	if e.Kind == Func && uint64(e.Index) < uint64(len(s.functions)) {
		e.Type = s.typeAt(s.functions[e.Index])
	}
	if e.Kind > Tag {
		c.fail(fmt.Errorf("an export of %s, which is none", e.Kind))
	}
	return e
}

func (s *Summary) tableType(c *cursor) {
	if len(c.data) > 0 && c.data[0] == 0x40 {
		s.stop(c, "typed function references")
		return
	}
	s.valType(c)
	s.limits(c)
}

func (s *Summary) memoryType(c *cursor) {
	if s.memories++; s.memories > 1 {
		s.feature("multi-memory")
	}
	s.limits(c)
}

// limits reads a flag byte, a minimum and, as the flags say, a maximum and a page
// size.
func (s *Summary) limits(c *cursor) {
	const hasMax, shared, wide, pageSize = 1, 2, 4, 8
	flags := c.byte()
	if flags&shared != 0 {
		s.feature("threads (shared memory)")
	}
	if flags&wide != 0 {
		s.feature("memory64")
	}
	if flags&pageSize != 0 {
		s.feature("custom page sizes")
	}
	if flags > 15 {
		c.fail(fmt.Errorf("limits of the form %#02x, which is none", flags))
		return
	}
	c.skipInt()
	for _, bit := range []byte{hasMax, pageSize} {
		if flags&bit != 0 {
			c.skipInt()
		}
	}
}

// targetFeatures reads the section in which LLVM lists the features it compiled
// for.
func (s *Summary) targetFeatures(body []byte) {
	c := &cursor{data: body}
	c.each(func() {
		used, name := c.byte() == '+', c.name()
		if !used || c.err != nil {
			return
		}
		switch name {
		case "tail-call":
			s.feature("tail calls")
		case "exception-handling":
			s.feature("exceptions")
		case "atomics", "shared-mem":
			s.feature("threads (atomics)")
		case "memory64", "gc":
			s.feature(name)
		case "multimemory":
			s.feature("multi-memory")
		}
	})
}
