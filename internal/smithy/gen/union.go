package gen

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
)

// union writes an interface with a type for each member, so that a value is one of them or nil.
func (g *generator) union(s *model.Shape) {
	n := name(s)
	var all []string
	for _, m := range s.Members {
		all = append(all, variant(m))
	}
	g.docs(n, s, "is a union.")
	g.comment("\nIt is one of " + strings.Join(all, ", ") + "; nil is none of them.")
	g.p("type %s interface{ is%s() }\n", n, n)
	for _, m := range s.Members {
		g.docs(variant(m), m, "is a "+n+".")
		if g.empty(m.Target) {
			g.p("type %s struct{}\n", variant(m))
		} else {
			g.p("type %s struct{ Value %s }\n", variant(m), g.target(m))
		}
		g.p("func (%s) is%s() {}\n", variant(m), n)
	}
	for _, g.c = range g.codecs {
		g.unionAppender(s)
		g.unionReader(s)
	}
}

// unionAppender writes a member by its number in CBOR, and in MessagePack by the name that it has in
// the Rust code of weld-codegen, as serde writes enums; one without a value is its name alone there.
func (g *generator) unionAppender(s *model.Shape) {
	bind := "v := "
	if !slices.ContainsFunc(s.Members, func(m *model.Shape) bool { return !g.empty(m.Target) }) {
		bind = ""
	}
	g.p("func append%s%s(b []byte, v %s) []byte {\nswitch %sv.(type) {", name(s), g.c, name(s), bind)
	for _, m := range s.Members {
		g.p("case %s:", variant(m))
		n, _ := number(m)
		switch bare := g.empty(m.Target); {
		case g.c == cbor:
			g.p("b = cbor.AppendUint(cbor.AppendArray(b, 2), %d)", n)
			if bare {
				g.p("b = cbor.AppendNil(b)")
			}
		case bare:
			g.p("b = msgpack.AppendString(b, %q)", rustName(m))
		default:
			g.p("b = msgpack.AppendString(msgpack.AppendMap(b, 1), %q)", rustName(m))
		}
		if !g.empty(m.Target) {
			g.append("v.Value", g.m.Shape(m.Target), 0)
		}
	}
	g.p("default:\nb = %s.AppendNil(b)\n}\nreturn b\n}\n", g.c.pkg())
}

func (g *generator) unionReader(s *model.Shape) {
	g.p("func read%s%s(r *%s.Reader) (v %s) {", name(s), g.c, g.c.pkg(), name(s))
	if g.c == cbor {
		g.p("r.Variant(func(n int) bool {\nswitch n {")
	} else {
		g.p("r.Variant(func(name string, value bool) bool {\nswitch {")
	}
	for _, m := range s.Members {
		n, _ := number(m)
		bare := g.empty(m.Target)
		switch {
		case g.c == cbor:
			g.p("case %d:", n)
		case bare:
			g.p("case name == %q:", rustName(m))
		default:
			g.p("case value && name == %q:", rustName(m))
		}
		if bare {
			g.p("v = %s{}", variant(m))
			continue
		}
		to := g.m.Shape(m.Target)
		g.p("var e %s", variant(m))
		g.hold(to)
		g.read("e.Value", to, 0)
		g.p("v = e")
	}
	g.p("default:\nreturn false\n}\nreturn true\n})\nreturn v\n}\n")
}

// rustName is what weld-codegen calls a union's member: in Pascal case as the crate Inflector 0.11
// has it, which looks for words by what stood two characters before where a word has just begun.
func rustName(m *model.Shape) string {
	var b strings.Builder
	begin, last := true, ' '
	for _, c := range strings.Trim(model.MemberName(m.ID), "_") {
		switch {
		case c == '_':
			begin = true
		case unicode.IsDigit(c):
			begin = true
			b.WriteRune(c)
		case begin || unicode.IsLower(last) && unicode.IsUpper(c):
			begin = false
			b.WriteRune(unicode.ToUpper(c))
		default:
			last = c
			b.WriteRune(unicode.ToLower(c))
		}
	}
	return b.String()
}

// sampleUnion gives a value whose member does not lead back to where the value is.
func (g *generator) sampleUnion(s *model.Shape, n int, within []*model.Shape) string {
	within = append(slices.Clip(within), s)
	for _, m := range slices.Backward(s.Members) {
		if g.empty(m.Target) {
			continue
		}
		if to := g.m.Shape(m.Target); !g.leadsTo(to, within) {
			return fmt.Sprintf("%s{Value: %s}", variant(m), g.sampleOf(to, n, within))
		}
	}
	for _, m := range s.Members {
		if g.empty(m.Target) {
			return variant(m) + "{}"
		}
	}
	return "nil"
}
