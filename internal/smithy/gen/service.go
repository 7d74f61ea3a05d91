package gen

import (
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
)

// empty tells whether an operation's message is nothing at all.
func (g *generator) empty(id string) bool {
	return id == "smithy.api#Unit" || id == ns+"Unit"
}

// signature gives an operation's parameter and results.
func (g *generator) signature(op *model.Shape) (param, result string) {
	if !g.empty(op.Input) {
		param = "in " + g.goType(g.m.Shape(op.Input))
	}
	result = "error"
	if !g.empty(op.Output) {
		result = "(out " + g.goType(g.m.Shape(op.Output)) + ", err error)"
	}
	return param, result
}

func (g *generator) service(s *model.Shape) {
	n, ops := name(s), g.m.OperationsOf(s)
	g.p("// The operations of %s.\nconst (", n)
	for _, op := range ops {
		g.p("%sOperation = %q", n+name(op), model.Name(s.ID)+"."+model.Name(op.ID))
	}
	g.p(")\n")
	g.client(n, ops)
	g.dispatcher(n, ops)
}

func (g *generator) client(n string, ops []*model.Shape) {
	g.p("// %sClient calls the operations of %s. Call sends a message and gives the answer: in an actor\n// that is what Context.Via gives.", n, n)
	g.p("type %sClient struct {\nCall func(operation string, payload []byte) ([]byte, error)\n}\n", n)
	for _, op := range ops {
		param, result := g.signature(op)
		g.docs(name(op), op, "calls the operation.")
		g.p("func (c %sClient) %s(%s) %s {", n, name(op), param, result)
		g.p("var b []byte")
		if param != "" {
			g.append("in", g.m.Shape(op.Input), 0)
		}
		if g.empty(op.Output) {
			g.p("_, err := c.Call(%sOperation, b)\nreturn err\n}\n", n+name(op))
			continue
		}
		g.p("if b, err = c.Call(%sOperation, b); err != nil {\nreturn out, err\n}\nr := msgpack.NewReader(b)", n+name(op))
		g.read("out", g.m.Shape(op.Output), 0)
		g.p("return out, r.Done()\n}\n")
	}
}

func (g *generator) dispatcher(n string, ops []*model.Shape) {
	g.p("// %s is what implements the service. C is what goes with a call: in an actor *actor.Context,\n// in a provider what it needs.", n)
	g.p("type %s[C any] interface {", n)
	for _, op := range ops {
		param, result := g.signature(op)
		if t := op.Trait("documentation"); t != nil {
			g.comment(t.Value.Text)
		}
		g.p("%s(%s) %s", name(op), strings.TrimSuffix("ctx C, "+param, ", "), result)
	}
	g.p("}\n")
	g.p("// Dispatch%s reads a message, calls the operation that it is for and writes the answer; known is\n// false if the service has no such operation.", n)
	g.p("func Dispatch%s[C any](ctx C, s %s[C], operation string, payload []byte) (reply []byte, known bool, err error) {\nvar b []byte\nswitch operation {", n, n)
	for _, op := range ops {
		g.p("case %sOperation:", n+name(op))
		args := "ctx"
		if !g.empty(op.Input) {
			args += ", in"
			in := g.m.Shape(op.Input)
			g.p("var in %s", g.goType(in))
			if in.Type != "structure" || len(in.Members) > 0 { // of a message without members any bytes will do
				g.p("r := msgpack.NewReader(payload)")
				g.read("in", in, 0)
				g.p("if err := r.Done(); err != nil {\nreturn nil, true, err\n}")
			}
		}
		if g.empty(op.Output) {
			g.p("return nil, true, s.%s(%s)", name(op), args)
			continue
		}
		g.p("out, err := s.%s(%s)\nif err != nil {\nreturn nil, true, err\n}", name(op), args)
		g.append("out", g.m.Shape(op.Output), 0)
		g.p("return b, true, nil")
	}
	g.p("}\nreturn b, false, nil\n}\n")
}
