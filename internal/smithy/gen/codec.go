package gen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
)

// codec is a format of messages, as methods are named for it.
type codec string

const (
	msgpack codec = "Msgpack"
	cbor    codec = "Cbor"
)

// pkg is the package of the SDK.
func (c codec) pkg() string { return strings.ToLower(string(c)) }

// speaksCBOR tells whether a service's messages are in CBOR. Its dispatcher takes MessagePack as
// well, and answers it in kind, as old callers need it.
func speaksCBOR(s *model.Shape) bool {
	t := s.Trait(ns + "wasmbus")
	return t != nil && t.Value.Get("protocol").IsString() && t.Value.Get("protocol").Text == "2"
}

// checkForms refuses what peers have no form for, with what to do.
func (g *generator) checkForms(all *model.Selector) {
	for _, s := range g.services {
		if t := s.Trait(ns + "wasmbus"); t != nil {
			if p := t.Value.Get("protocol"); p.IsString() && p.Text != "0" && p.Text != "2" {
				g.failAt(p.Pos, "the service `%s` speaks protocol %q, which does not exist: want \"0\" (MessagePack) or \"2\" (CBOR)", s.ID, p.Text)
			}
		}
		if speaksCBOR(s) {
			continue
		}
		for _, op := range g.m.OperationsOf(s) {
			for _, to := range all.From(g.m, op) {
				if to.Type == "union" {
					g.fail(to, "the union `%s` is in messages of `%s`, whose peers have no unions: weld-codegen makes them for @wasmbus(protocol: \"2\") alone. "+
						"Say so, or make it a structure of optional members, one of which is set", to.ID, s.ID)
				}
			}
		}
	}
	for _, s := range g.sorted() {
		if s.Type == "structure" {
			g.checkDefaults(s)
		}
		if s.Type == "union" || s.Type == "structure" && slices.Contains(g.codecs, cbor) {
			g.checkNumbers(s)
		}
	}
}

// checkNumbers wants every member to have a number of its own, or none of a structure any.
func (g *generator) checkNumbers(s *model.Shape) {
	seen := map[int]*model.Shape{}
	for _, m := range s.Members {
		n, numbered := number(m)
		switch other := seen[n]; {
		case !numbered && (s.Type == "union" || len(seen) > 0), numbered && len(seen) == 0 && m != s.Members[0]:
			g.fail(m, "the members of `%s` travel by number: give each one its own, such as @n(0)", s.ID)
			return
		case numbered && other != nil:
			g.fail(m, "`%s` and `%s` have the same number, @n(%d)", other.ID, m.ID, n)
		case numbered:
			seen[n] = m
		}
	}
}

// number is what @n says of a member.
func number(m *model.Shape) (n int, ok bool) {
	t := m.Trait(ns + "n")
	if t == nil {
		return 0, false
	}
	n, err := strconv.Atoi(t.Value.Text)
	return n, err == nil && n >= 0
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
	case "structure", "union", "document":
		return v + " != nil"
	case "timestamp":
		return "!" + v + ".IsZero()"
	}
	return v + " != 0"
}

// append writes the statements that append a value.
func (g *generator) append(v string, s *model.Shape, depth int) {
	put := func(what, value string) { g.p("b = %s.Append%s(b, %s)", g.c.pkg(), what, value) }
	switch s.Type {
	case "boolean":
		put("Bool", v)
	case "string":
		put("String", v)
	case "enum":
		put("String", "string("+v+")")
	case "blob":
		put("Bytes", v)
	case "timestamp":
		put("Time", v+".Unix(), "+v+".Nanosecond()")
	case "document":
		put("Document", v)
	case "float":
		if g.c == cbor { // peers do not take a number of 64 bits for one of 32
			put("Float32", v)
			return
		}
		put("Float", "float64("+v+")")
	case "double":
		put("Float", v)
	case "byte", "short", "integer", "long", "intEnum":
		if s.Has(ns + "unsignedInt") {
			put("Uint", "uint64("+v+")")
		} else {
			put("Int", "int64("+v+")")
		}
	case "list":
		e := fmt.Sprintf("e%d", depth)
		put("Array", "len("+v+")")
		g.p("for _, %s := range %s {", e, v)
		g.append(e, g.m.Shape(s.Members[0].Target), depth+1)
		g.p("}")
	case "map":
		k := fmt.Sprintf("k%d", depth)
		put("Map", "len("+v+")")
		g.p("for _, %s := range msgpack.Keys(%s) {", k, v)
		put("String", k)
		g.append(v+"["+k+"]", g.m.Shape(s.Member("value").Target), depth+1)
		g.p("}")
	case "structure":
		g.p("b = %s.Append%s(b)", v, g.c)
	case "union":
		g.p("b = append%s%s(b, %s)", name(s), g.c, v)
	}
}

// read writes the statements that read a value.
func (g *generator) read(v string, s *model.Shape, depth int) {
	switch s.Type {
	case "boolean":
		g.p("%s = r.Bool()", v)
	case "string":
		g.p("%s = r.String()", v)
	case "enum":
		g.p("%s = %s(r.String())", v, name(s))
	case "blob":
		g.p("%s = r.Bytes()", v)
	case "timestamp":
		g.p("%s = time.Unix(r.Time()).UTC()", v)
	case "document":
		g.p("%s = r.Document()", v)
	case "float":
		g.p("%s = float32(r.Float())", v)
	case "double":
		g.p("%s = r.Float()", v)
	case "byte", "short", "integer", "long", "intEnum":
		if s.Has(ns + "unsignedInt") {
			g.p("%s = %s(r.Uint(%d))", v, g.goType(s), bitsOf(s))
		} else {
			g.p("%s = %s(r.Int(%d))", v, g.goType(s), bitsOf(s))
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
		g.p("%s.Read%s(r)", v, g.c)
	case "union":
		g.p("%s = read%s%s(r)", v, name(s), g.c)
	}
}
