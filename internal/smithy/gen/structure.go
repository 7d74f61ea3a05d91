package gen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
)

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
	for _, g.c = range g.codecs {
		g.marshal(s)
		if g.c == cbor {
			g.cborAppender(s)
		} else {
			g.appender(s)
		}
		g.reader(s)
	}
}

func (g *generator) marshal(s *model.Shape) {
	n := name(s)
	if g.c == cbor {
		g.p("// MarshalCbor writes the message as services of protocol 2 send it.")
		g.p("func (v %s) MarshalCbor() []byte { return v.AppendCbor(cbor.Begin(nil)) }\n", n)
		g.p("// UnmarshalCbor reads the message, also if it is in MessagePack.")
		g.p("func (v *%s) UnmarshalCbor(b []byte) error {\n*v = %s{}\nreturn msgpack.Explain(%q, cbor.Read(b, v.ReadCbor, v.ReadMsgpack))\n}\n", n, n, "reading "+n)
		return
	}
	but := ""
	if g.hasDefaults(s) {
		but = ",\n// but for those that have a default"
	}
	g.p("// MarshalMsgpack writes the message. Optional members that are zero are left out%s.", but)
	g.p("func (v %s) MarshalMsgpack() []byte { return v.AppendMsgpack(nil) }\n", n)
	g.p("// UnmarshalMsgpack reads the message. Members may be in any order, unknown ones are skipped, and\n// what is missing or nil has %s.", g.absent(s))
	g.p("func (v *%s) UnmarshalMsgpack(b []byte) error {\n*v = %s{}\nr := msgpack.NewReader(b)\nv.ReadMsgpack(r)\nreturn msgpack.Explain(%q, r.Done())\n}\n", n, n, "reading "+n)
}

// absent says what members have that a message does not have.
func (g *generator) absent(s *model.Shape) string {
	if g.hasDefaults(s) {
		return "its default, or else the zero value"
	}
	return "the zero value"
}

func (g *generator) hasDefaults(s *model.Shape) bool {
	return slices.ContainsFunc(s.Members, func(m *model.Shape) bool { return g.standard(m) != "" })
}

// sent tells whether a member is in every message: where it is required, and where a receiver would
// take its default for it.
func (g *generator) sent(m *model.Shape) bool { return m.Has("required") || g.standard(m) != "" }

func (g *generator) appender(s *model.Shape) {
	g.p("// AppendMsgpack appends the message.")
	g.p("func (v %s) AppendMsgpack(b []byte) []byte {", name(s))
	required := 0
	for _, m := range s.Members {
		if g.sent(m) {
			required++
		}
	}
	if required == len(s.Members) {
		g.p("b = msgpack.AppendMap(b, %d)", required)
	} else {
		g.p("n := %d", required)
		for _, m := range s.Members {
			if !g.sent(m) {
				g.p("if %s {\nn++\n}", g.set("v."+field(m), m))
			}
		}
		g.p("b = msgpack.AppendMap(b, n)")
	}
	for _, m := range s.Members {
		if g.sent(m) {
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

// inOrder gives the members as weld-codegen orders them: by their numbers, or else by their names;
// numbered tells which.
func inOrder(s *model.Shape) (members []*model.Shape, numbered bool) {
	members = slices.Clone(s.Members)
	slices.SortStableFunc(members, func(a, b *model.Shape) int {
		x, ok := number(a)
		y, _ := number(b)
		numbered = numbered || ok
		if x != y {
			return x - y
		}
		return strings.Compare(model.MemberName(a.ID), model.MemberName(b.ID))
	})
	if len(members) == 1 {
		_, numbered = number(members[0])
	}
	return members, numbered
}

// cborAppender writes an array in which each member has the place of its number, or, where members
// have none, a map. Members that need not be sent are null where they are zero.
func (g *generator) cborAppender(s *model.Shape) {
	members, numbered := inOrder(s)
	g.p("// AppendCbor appends the message, without what Begin writes.")
	g.p("func (v %s) AppendCbor(b []byte) []byte {", name(s))
	if numbered {
		last, _ := number(members[len(members)-1])
		g.p("b = cbor.AppendArray(b, %d)", last+1)
	} else {
		g.p("b = cbor.AppendMap(b, %d)", len(members))
	}
	next := 0
	for _, m := range members {
		if n, ok := number(m); ok {
			g.gap(n - next)
			next = n + 1
		} else {
			g.p("b = cbor.AppendString(b, %q)", model.MemberName(m.ID)) // @serialization is for MessagePack
		}
		to, v := g.m.Shape(m.Target), "v."+field(m)
		if g.sent(m) || neverNull(to) {
			g.append(v, to, 0)
			continue
		}
		g.p("if %s {", g.set(v, m))
		g.append(v, to, 0)
		g.p("} else {\nb = cbor.AppendNil(b)\n}")
	}
	g.p("return b\n}\n")
}

// neverNull tells of Smithy's own numbers and truth values, which peers have no null for; those of
// other names may be null to them (weld-codegen, is_optional_type).
func neverNull(s *model.Shape) bool {
	return slices.Contains([]string{"boolean", "byte", "short", "integer", "long", "float", "double"}, s.Type) && model.Namespace(s.ID) == "smithy.api"
}

// gap fills the places of numbers that no member has.
func (g *generator) gap(n int) {
	switch {
	case n == 1:
		g.p("b = cbor.AppendNil(b)")
	case n > 1:
		g.p("for range %d {\nb = cbor.AppendNil(b)\n}", n)
	}
}

func (g *generator) reader(s *model.Shape) {
	g.p("// Read%s reads the message from r, whose Err tells what was wrong.", g.c)
	g.p("func (v *%s) Read%s(r *%s.Reader) {", name(s), g.c, g.c.pkg())
	for _, m := range s.Members {
		if value := g.standard(m); value != "" {
			g.p("v.%s = %s", field(m), value)
		}
	}
	if len(s.Members) == 0 {
		g.p("r.Structure(nil, func(string) {})\n}\n")
		return
	}
	g.p("r.Structure([]string{%s}, func(key string) {\nswitch key {", g.places(s))
	for _, m := range s.Members {
		g.p("case %q:", g.key(m))
		to := g.m.Shape(m.Target)
		switch {
		case g.pointed(m):
			g.p("if !r.Nil() {")
			g.hold(to)
			g.p("v.%s = new(%s)\nv.%s.Read%s(r)\n}", field(m), g.goType(to), field(m), g.c)
		case g.standard(m) != "" || !m.Has("required") && (to.Type == "list" || to.Type == "map"):
			g.p("if !r.Nil() {")
			g.read("v."+field(m), to, 0)
			g.p("}")
		default:
			g.read("v."+field(m), to, 0)
		}
	}
	g.p("}\n})\n}\n")
}

func (g *generator) key(m *model.Shape) string {
	if g.c == cbor {
		return model.MemberName(m.ID)
	}
	return wire(m)
}

// places lists the members in the order that they have in a message that is an array: that of their
// numbers with gaps in CBOR, and without in MessagePack, where serde counts them.
func (g *generator) places(s *model.Shape) string {
	members, _ := inOrder(s)
	var list []string
	next := 0
	for _, m := range members {
		entry := fmt.Sprintf("%q", g.key(m))
		if n, ok := number(m); ok && g.c == cbor {
			if n != next {
				entry = fmt.Sprintf("%d: %s", n, entry)
			}
			next = n + 1
		}
		list = append(list, entry)
	}
	return strings.Join(list, ", ")
}
