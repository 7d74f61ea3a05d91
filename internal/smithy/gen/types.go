package gen

import "github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"

// goType gives the Go type of a shape.
func (g *generator) goType(s *model.Shape) string {
	unsigned := ""
	if s.Has(ns + "unsignedInt") {
		unsigned = "u"
	}
	switch s.Type {
	case "boolean":
		return "bool"
	case "string":
		return "string"
	case "blob":
		return "[]byte"
	case "byte":
		return unsigned + "int8"
	case "short":
		return unsigned + "int16"
	case "integer":
		return unsigned + "int32"
	case "long":
		return unsigned + "int64"
	case "float":
		return "float32"
	case "double":
		return "float64"
	case "list":
		return "[]" + g.target(s.Members[0])
	case "map":
		return "map[string]" + g.target(s.Member("value"))
	case "timestamp":
		return "time.Time"
	case "document":
		return "document.Value"
	case "structure", "enum", "intEnum", "union":
		return name(s)
	}
	at := s
	if g.at != nil { // the member that is of the type: the type may be Smithy's own
		at = g.at
	}
	g.fail(at, "`%s` is a %s, which these messages cannot hold: make it %s", at.ID, s.Type, cures[s.Type])
	return "struct{}"
}

// cures for types that weld-codegen, which peers are made with, has no form for either.
var cures = map[string]string{
	"bigInteger": "a Long, or a String of digits",
	"bigDecimal": "a Double, or a String of digits",
}

// bitsOf is how many bits a whole number has.
func bitsOf(s *model.Shape) int {
	return map[string]int{"byte": 8, "short": 16, "integer": 32, "intEnum": 32, "long": 64}[s.Type]
}

func (g *generator) target(m *model.Shape) string {
	to := g.m.Shape(m.Target)
	if to == nil {
		g.fail(m, "`%s` is not defined", m.Target)
		return "struct{}"
	}
	outer := g.at
	defer func() { g.at = outer }()
	g.at = m
	return g.goType(to)
}

// field gives the type of a structure's member. A structure that leads back to
// its own is behind a pointer, for Go cannot hold it otherwise.
func (g *generator) field(m *model.Shape) string {
	if g.pointed(m) {
		return "*" + g.target(m)
	}
	return g.target(m)
}

func (g *generator) pointed(m *model.Shape) bool {
	to := g.m.Shape(m.Target)
	return to != nil && to.Type == "structure" && !m.Has("required")
}

// hold counts what an element takes if that is far more than its least in a message, one byte: a
// short message of many empty elements must not take all the memory there is.
func (g *generator) hold(s *model.Shape) {
	if n := g.size(s); n > 16 {
		g.p("r.Hold(%d)", n)
	}
}

// size is how many bytes a value takes in Go where pointers have 64 bits, without what it points to.
func (g *generator) size(s *model.Shape) int {
	switch s.Type {
	case "boolean", "byte":
		return 1
	case "short":
		return 2
	case "integer", "intEnum", "float":
		return 4
	case "string", "enum", "union", "document":
		return 16
	case "list", "blob", "timestamp":
		return 24
	case "map":
		return 8 + 48 // what an empty one has
	case "structure":
		n, known := g.sizes[s]
		if known {
			return n
		}
		for _, m := range s.Members {
			size, to := 8, g.m.Shape(m.Target)
			if !g.pointed(m) {
				size = g.size(to)
			}
			n += (size+7)/8*8 + allocated(m, to)
		}
		g.sizes[s] = n
		return n
	}
	return 8
}
