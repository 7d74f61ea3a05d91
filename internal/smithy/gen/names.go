package gen

import (
	"go/token"
	"slices"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/lint"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
)

func name(s *model.Shape) string { return lint.GoName(model.Name(s.ID)) }

// method names an operation, which @rename may have renamed for Go.
func method(op *model.Shape) string {
	if to := lint.Renamed(op, "go"); to != "" {
		return to
	}
	return name(op)
}

// field names a member, which @rename may have renamed for Go.
func field(m *model.Shape) string {
	if to := lint.Renamed(m, "go"); to != "" {
		return to
	}
	return lint.GoName(model.MemberName(m.ID))
}

// wire is what a member is called in MessagePack.
func wire(m *model.Shape) string {
	if t := m.Trait(ns + "serialization"); t != nil && t.Value.Get("name").IsString() {
		return t.Value.Get("name").Text
	}
	return model.MemberName(m.ID)
}

// variant is the type of a union's member.
func variant(m *model.Shape) string { return name(m.Container) + field(m) }

func enumConstant(s, m *model.Shape) string { return name(s) + lint.GoName(model.MemberName(m.ID)) }

func operationConstant(service, op *model.Shape) string {
	return name(service) + method(op) + "Operation"
}

// claim takes a name of the file for a shape. Smithy's names differ where those of Go may not: in
// their namespace, in underscores, and from what is generated for other shapes.
func (g *generator) claim(goName string, s *model.Shape) {
	if !token.IsIdentifier(goName) || !token.IsExported(goName) {
		g.fail(s, "`%s` becomes %q in Go, which is no exported name there: give it another name", s.ID, goName)
	}
	if other := g.names[goName]; other != nil && other != s {
		g.fail(s, "`%s` and `%s` are both called %s in Go: give one of them another name", other.ID, s.ID, goName)
	}
	g.names[goName] = s
	if s.Type == "enum" || s.Type == "intEnum" {
		for _, m := range s.Members {
			if c := enumConstant(s, m); c != goName {
				g.claimConstant(c, m)
			}
		}
	}
	switch s.Type {
	case "structure":
		g.claimFields(s)
	case "union":
		for _, m := range s.Members {
			g.claimConstant(variant(m), m)
		}
	}
}

func (g *generator) claimConstant(c string, s *model.Shape) {
	if other := g.names[c]; other != nil {
		g.fail(s, "`%s` and `%s` are both called %s in Go: give one of them another name", other.ID, s.ID, c)
	}
	g.names[c] = s
}

// methods that every generated structure has, so that no field can be called so.
var methods = []string{"MarshalMsgpack", "UnmarshalMsgpack", "AppendMsgpack", "ReadMsgpack", "MarshalCbor", "UnmarshalCbor", "AppendCbor", "ReadCbor"}

func (g *generator) claimFields(s *model.Shape) {
	taken := map[string]*model.Shape{}
	for _, m := range s.Members {
		f := field(m)
		switch other := taken[f]; {
		case !token.IsIdentifier(f) || !token.IsExported(f):
			g.fail(m, "`%s` becomes %q in Go, which is no exported name there: rename it by @rename", m.ID, f)
		case slices.Contains(methods, f):
			g.fail(m, "`%s` becomes %s in Go, which every message has as a method: rename it by @rename", m.ID, f)
		case other != nil:
			g.fail(m, "`%s` and `%s` are both called %s in Go: rename one by @rename", other.ID, m.ID, f)
		}
		taken[f] = m
	}
}

func (g *generator) claimService(s *model.Shape) {
	n := name(s)
	for _, goName := range []string{n, n + "Client", "Dispatch" + n, "Register" + n} {
		g.claim(goName, s)
	}
	for _, op := range g.m.OperationsOf(s) {
		if method(op) == "Call" {
			g.fail(op, "`%s`: clients have a field Call: rename the operation for Go, @rename([{lang: \"go\", name: \"Ring\"}])", op.ID)
		}
		g.claimConstant(operationConstant(s, op), op)
	}
}
