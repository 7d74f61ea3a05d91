package gen

import (
	"fmt"
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
		g.p("%s = %q", operationConstant(s, op), operationName(s, op))
	}
	g.p(")\n")
	g.client(s, ops)
	g.dispatcher(s, ops)
	g.register(s, ops)
}

func (g *generator) client(s *model.Shape, ops []*model.Shape) {
	n := name(s)
	g.p("// %sClient calls the operations of %s. Call sends a message and gives the answer:\n// in an actor that is what Context.Via gives, in a provider what Host.Via gives.", n, n)
	g.p("type %sClient struct {\nCall func(operation string, payload []byte) ([]byte, error)\n}\n", n)
	for _, op := range ops {
		param, result := g.signature(op)
		g.docs(method(op), op, "calls the operation.")
		g.p("func (c %sClient) %s(%s) %s {\nvar b []byte", n, method(op), param, result)
		if param != "" {
			g.write("in", g.m.Shape(op.Input), speaks(s))
		}
		if g.empty(op.Output) {
			g.p("_, err := c.Call(%s, b)\nreturn err\n}\n", operationConstant(s, op))
			continue
		}
		g.p("if b, err = c.Call(%s, b); err != nil {\nreturn out, err\n}", operationConstant(s, op))
		g.p("err = %s\nreturn out, msgpack.Explain(%q, err)\n}\n", g.reading("b", "out", s, g.m.Shape(op.Output)), "reading the answer of "+operationName(s, op))
	}
}

// speaks is the format in which a service's messages are sent.
func speaks(s *model.Shape) codec {
	if speaksCBOR(s) {
		return cbor
	}
	return msgpack
}

// write writes the statements that make b a message of v.
func (g *generator) write(v string, s *model.Shape, c codec) {
	if g.c = c; c == cbor {
		g.p("b = cbor.Begin(b)")
	}
	g.append(v, s, 0)
}

// reading gives the expression that reads a message of a service's into v, and whose value is the error.
func (g *generator) reading(message, v string, service, s *model.Shape) string {
	inFormat := func(c codec) string {
		if s.Type == "structure" {
			return v + ".Read" + string(c)
		}
		start := g.b.Len()
		defer g.b.Truncate(start)
		g.c = c
		g.read(v, s, 0)
		return fmt.Sprintf("func(r *%s.Reader) {\n%s}", c.pkg(), g.b.Bytes()[start:])
	}
	if speaksCBOR(service) {
		return fmt.Sprintf("cbor.Read(%s, %s, %s)", message, inFormat(cbor), inFormat(msgpack))
	}
	return fmt.Sprintf("msgpack.Read(%s, %s)", message, inFormat(msgpack))
}

func (g *generator) dispatcher(s *model.Shape, ops []*model.Shape) {
	n := name(s)
	g.p("// %s is what implements the service. C is what goes with a call: in an actor *actor.Context,\n// in a provider what it needs.", n)
	g.p("type %s[C any] interface {", n)
	for _, op := range ops {
		param, result := g.signature(op)
		if t := op.Trait("documentation"); t != nil {
			g.comment(t.Value.Text)
		}
		g.p("%s(%s) %s", method(op), strings.TrimSuffix("ctx C, "+param, ", "), result)
	}
	g.p("}\n")
	g.p("// Dispatch%s reads a message, calls the operation that it is for and writes the answer; known is\n// false if the service has no such operation.", n)
	g.p("func Dispatch%s[C any](ctx C, s %s[C], operation string, payload []byte) (reply []byte, known bool, err error) {\nswitch operation {", n, n)
	for _, op := range ops {
		g.p("case %s:", operationConstant(s, op))
		args := "ctx"
		if !g.empty(op.Input) {
			args += ", in"
			in := g.m.Shape(op.Input)
			g.p("var in %s", g.goType(in))
			if in.Type != "structure" || len(in.Members) > 0 { // of a message without members any bytes will do
				g.p("if err := %s; err != nil {\nreturn nil, true, msgpack.Explain(%q, err)\n}", g.reading("payload", "in", s, in), "reading the message of "+operationName(s, op))
			}
		}
		if g.empty(op.Output) {
			g.p("return nil, true, s.%s(%s)", method(op), args)
			continue
		}
		g.p("out, err := s.%s(%s)\nif err != nil {\nreturn nil, true, err\n}\nvar b []byte", method(op), args)
		out := g.m.Shape(op.Output)
		if speaksCBOR(s) {
			g.p("if cbor.Spoken(payload) {")
			g.write("out", out, cbor)
			g.p("return b, true, nil\n}")
		}
		g.write("out", out, msgpack)
		g.p("return b, true, nil")
	}
	g.p("}\nreturn nil, false, nil\n}\n")
}

// register is for actors, which have a handler for each operation.
func (g *generator) register(s *model.Shape, ops []*model.Shape) {
	n := name(s)
	g.p("// Register%s lets s answer each operation of the service: in an actor, Register%s(s, a.Handle).", n, n)
	g.p("func Register%s[C any, H ~func(C, []byte) ([]byte, error)](s %s[C], handle func(operation string, h H)) {", n, n)
	var all []string
	for _, op := range ops {
		all = append(all, operationConstant(s, op))
	}
	g.p("for _, operation := range []string{%s} {", strings.Join(all, ", "))
	g.p("handle(operation, func(ctx C, payload []byte) ([]byte, error) {\nreply, _, err := Dispatch%s(ctx, s, operation, payload)\nreturn reply, err\n})\n}\n}\n", n)
}

// operationName is what an operation is called on the bus.
func operationName(s, op *model.Shape) string { return model.Name(s.ID) + "." + model.Name(op.ID) }
