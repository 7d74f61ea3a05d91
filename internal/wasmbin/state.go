package wasmbin

import "fmt"

// global is the type of a global.
type global struct {
	value   string // as valType names it
	mutable bool
}

func (s *Summary) globalType(c *cursor) global {
	value := s.valType(c)
	return global{value: value, mutable: c.byte() == 1}
}

// globalEntry reads a global that the module defines, with the expression of its
// first value.
func (s *Summary) globalEntry(c *cursor) {
	g := s.globalType(c)
	scan := &codeScanner{code: c.data}
	for scan.depth = 1; scan.depth > 0 && !scan.broken; {
		scan.instruction()
	}
	if scan.broken {
		s.stop(c, "a global's first value by an unknown instruction")
		return
	}
	c.data = scan.code
	s.globals = append(s.globals, g)
}

// exportGlobals gives the entries that export the mutable globals. Their names
// are such as no compiler makes.
func (s *Summary) exportGlobals() (entries []byte) {
	for i, g := range s.globals {
		if !g.mutable {
			continue
		}
		name := fmt.Sprintf("rules_wasmcloud:global:%d", i)
		if _, taken := s.Export(name); taken {
			s.lasting = "an export named " + name
			continue
		}
		entries = append(AppendUint(entries, uint32(len(name))), name...)
		entries = AppendUint(append(entries, byte(Global)), uint32(i))
		s.Globals = append(s.Globals, name)
	}
	return entries
}

// Lasting says why copies of a module's memory and of its mutable globals are not
// all that a call can change, or "" if they are. It is known once Rewrite has
// read the module, asked for its globals.
func (s *Summary) Lasting() string {
	switch {
	case s.Format != Module:
		return "it is a component"
	case s.CodeUnread:
		return "its code was not understood"
	case s.lasting != "":
		return "it has " + s.lasting
	case len(s.Features) > 0:
		return "it uses " + s.Features[0]
	}
	for _, i := range s.Imports {
		if i.Kind != Func {
			return fmt.Sprintf("it imports a %s", i.Kind)
		}
	}
	for _, g := range s.globals {
		switch g.value {
		case "i32", "i64", "f32", "f64":
		default:
			if g.mutable {
				return "it has a mutable global of type " + g.value
			}
		}
	}
	return ""
}
