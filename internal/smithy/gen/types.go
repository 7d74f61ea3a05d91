package gen

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
)

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

// cures for types whose form in MessagePack no two peers agree on.
var cures = map[string]string{
	"timestamp":  "a Long that counts milliseconds since 1970, or a String as in RFC 3339",
	"document":   "a String or a Blob that holds JSON",
	"bigInteger": "a Long, or a String of digits",
	"bigDecimal": "a Double, or a String of digits",
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

func (g *generator) structure(s *model.Shape) {
	n := name(s)
	g.docs(n, s, "is a message.")
	g.p("type %s struct {", n)
	for _, m := range s.Members {
		if t := m.Trait("documentation"); t != nil {
			g.comment(t.Value.Text)
		}
		g.p("%s %s", field(m), g.field(m))
	}
	g.p("}\n")
	g.p("// MarshalMsgpack writes the message. Optional members that are zero are left out.")
	g.p("func (v %s) MarshalMsgpack() []byte { return v.AppendMsgpack(nil) }\n", n)
	g.p("// UnmarshalMsgpack reads the message. Members may be in any order, unknown ones are skipped, and\n// what is missing or nil has %s.", g.absent(s))
	g.p("func (v *%s) UnmarshalMsgpack(b []byte) error {\n*v = %s{}\nr := msgpack.NewReader(b)\nv.ReadMsgpack(r)\nreturn msgpack.Explain(%q, r.Done())\n}\n", n, n, "reading "+n)
	g.appender(s)
	g.reader(s)
}

func (g *generator) appender(s *model.Shape) {
	g.p("// AppendMsgpack appends the message.")
	g.p("func (v %s) AppendMsgpack(b []byte) []byte {", name(s))
	required := 0
	for _, m := range s.Members {
		if sent(m) {
			required++
		}
	}
	if required == len(s.Members) {
		g.p("b = msgpack.AppendMap(b, %d)", required)
	} else {
		g.p("n := %d", required)
		for _, m := range s.Members {
			if !sent(m) {
				g.p("if %s {\nn++\n}", g.set("v."+field(m), m))
			}
		}
		g.p("b = msgpack.AppendMap(b, n)")
	}
	for _, m := range s.Members {
		if sent(m) {
			g.p("b = msgpack.AppendString(b, %q)", wire(m))
			g.append("v."+field(m), g.m.Shape(m.Target), 0)
			continue
		}
		g.p("if %s {\nb = msgpack.AppendString(b, %q)", g.set("v."+field(m), m), wire(m))
		g.append("v."+field(m), g.m.Shape(m.Target), 0)
		g.p("}")
	}
	g.p("return b\n}\n")
}

// sent tells whether a member is in every message: where it is required, and where a receiver would
// take its default for it.
func sent(m *model.Shape) bool { return m.Has("required") || standard(m) != "" }

// standard gives the default of a member as Go has it, "" if it is the zero value.
func standard(m *model.Shape) string {
	t := m.Trait("default")
	if t == nil {
		return ""
	}
	switch v := t.Value; v.Kind {
	case syntax.String:
		if v.Text != "" {
			return strconv.Quote(v.Text)
		}
	case syntax.Bool:
		if v.IsTrue() {
			return "true"
		}
	case syntax.Number:
		if f, err := strconv.ParseFloat(v.Text, 64); err != nil || f != 0 {
			return v.Text
		}
	}
	return ""
}

// absent says what members have that a message does not have.
func (g *generator) absent(s *model.Shape) string {
	if slices.ContainsFunc(s.Members, func(m *model.Shape) bool { return standard(m) != "" }) {
		return "its default, or else the zero value"
	}
	return "the zero value"
}

// set gives the condition that an optional member is not zero.
func (g *generator) set(v string, m *model.Shape) string {
	switch to := g.m.Shape(m.Target); to.Type {
	case "boolean":
		return v
	case "string", "enum":
		return v + ` != ""`
	case "blob", "list", "map":
		return "len(" + v + ") > 0"
	case "structure":
		return v + " != nil"
	}
	return v + " != 0"
}

// append writes the statements that append a value.
func (g *generator) append(v string, s *model.Shape, depth int) {
	switch s.Type {
	case "boolean":
		g.p("b = msgpack.AppendBool(b, %s)", v)
	case "string":
		g.p("b = msgpack.AppendString(b, %s)", v)
	case "enum":
		g.p("b = msgpack.AppendString(b, string(%s))", v)
	case "blob":
		g.p("b = msgpack.AppendBytes(b, %s)", v)
	case "float", "double":
		g.p("b = msgpack.AppendFloat(b, float64(%s))", v)
	case "byte", "short", "integer", "long", "intEnum":
		if s.Has(ns + "unsignedInt") {
			g.p("b = msgpack.AppendUint(b, uint64(%s))", v)
		} else {
			g.p("b = msgpack.AppendInt(b, int64(%s))", v)
		}
	case "list":
		e := fmt.Sprintf("e%d", depth)
		g.p("b = msgpack.AppendArray(b, len(%s))\nfor _, %s := range %s {", v, e, v)
		g.append(e, g.m.Shape(s.Members[0].Target), depth+1)
		g.p("}")
	case "map":
		k := fmt.Sprintf("k%d", depth)
		g.p("b = msgpack.AppendMap(b, len(%s))\nfor _, %s := range msgpack.Keys(%s) {\nb = msgpack.AppendString(b, %s)", v, k, v, k)
		g.append(v+"["+k+"]", g.m.Shape(s.Member("value").Target), depth+1)
		g.p("}")
	case "structure":
		g.p("b = %s.AppendMsgpack(b)", v)
	}
}

func (g *generator) reader(s *model.Shape) {
	g.p("// ReadMsgpack reads the message from r, whose Err tells what was wrong.")
	g.p("func (v *%s) ReadMsgpack(r *msgpack.Reader) {", name(s))
	for _, m := range s.Members {
		if value := standard(m); value != "" {
			g.p("v.%s = %s", field(m), value)
		}
	}
	if len(s.Members) == 0 {
		g.p("r.Map(func(string) {})\n}\n")
		return
	}
	g.p("r.Map(func(key string) {\nswitch key {")
	for _, m := range s.Members {
		g.p("case %q:", wire(m))
		to := g.m.Shape(m.Target)
		switch {
		case g.pointed(m):
			g.p("if !r.Nil() {")
			g.hold(to)
			g.p("v.%s = new(%s)\nv.%s.ReadMsgpack(r)\n}", field(m), g.goType(to), field(m))
		case standard(m) != "":
			g.p("if !r.Nil() {")
			g.read("v."+field(m), to, 0)
			g.p("}")
		default:
			g.read("v."+field(m), to, 0)
		}
	}
	g.p("}\n})\n}\n")
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
	case "string", "enum":
		return 16
	case "list", "blob":
		return 24
	case "map":
		return 8 + 48 // what an empty one has
	case "structure":
		n, known := g.sizes[s]
		if known {
			return n
		}
		for _, m := range s.Members {
			size := 8
			if !g.pointed(m) {
				size = g.size(g.m.Shape(m.Target))
			}
			n += (size + 7) / 8 * 8
		}
		g.sizes[s] = n
		return n
	}
	return 8
}

// read writes the statements that read a value.
func (g *generator) read(v string, s *model.Shape, depth int) {
	bits := map[string]int{"byte": 8, "short": 16, "integer": 32, "intEnum": 32, "long": 64}[s.Type]
	switch s.Type {
	case "boolean":
		g.p("%s = r.Bool()", v)
	case "string":
		g.p("%s = r.String()", v)
	case "enum":
		g.p("%s = %s(r.String())", v, name(s))
	case "blob":
		g.p("%s = r.Bytes()", v)
	case "float", "double":
		g.p("%s = %s(r.Float())", v, g.goType(s))
	case "byte", "short", "integer", "long", "intEnum":
		if s.Has(ns + "unsignedInt") {
			g.p("%s = %s(r.Uint(%d))", v, g.goType(s), bits)
		} else {
			g.p("%s = %s(r.Int(%d))", v, g.goType(s), bits)
		}
	case "list":
		e, to := fmt.Sprintf("e%d", depth), g.m.Shape(s.Members[0].Target)
		g.p("%s = %s{}\nr.Array(func(int) {\nvar %s %s", v, g.goType(s), e, g.goType(to))
		g.hold(to)
		g.read(e, to, depth+1)
		g.p("%s = append(%s, %s)\n})", v, v, e)
	case "map":
		e, to := fmt.Sprintf("e%d", depth), g.m.Shape(s.Member("value").Target)
		g.p("%s = map[string]%s{}\nr.Map(func(key string) {\nvar %s %s", v, g.goType(to), e, g.goType(to))
		g.hold(to)
		g.read(e, to, depth+1)
		g.p("%s[key] = %s\n})", v, e)
	case "structure":
		g.p("%s.ReadMsgpack(r)", v)
	}
}
