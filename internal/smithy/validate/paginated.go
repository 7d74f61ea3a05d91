package validate

import (
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
)

// page is one property of @paginated.
type page struct {
	name   string
	output bool // it names a member of the output, maybe by a path
	needed bool
	types  []string // what it may lead to
	bare   bool     // it must not lead to a required member
}

func pages() []page {
	return []page{
		{name: "inputToken", needed: true, types: []string{"string", "map"}, bare: true},
		{name: "outputToken", output: true, needed: true, types: []string{"string", "map"}, bare: true},
		{name: "pageSize", types: []string{"byte", "short", "integer", "long"}},
		{name: "items", output: true, types: []string{"list", "map"}},
	}
}

// paginated holds what @paginated names against an operation's input and output. A service's own
// @paginated completes those of its operations.
func paginated(c *checker) {
	services := map[*model.Shape][]*model.Shape{}
	for _, s := range c.m.Shapes(false) {
		if s.Type == "service" {
			for _, op := range c.m.OperationsOf(s) {
				services[op] = append(services[op], s)
			}
		}
	}
	for _, op := range c.m.Shapes(false) {
		t := op.Trait("paginated")
		if t == nil || op.Type != "operation" {
			continue
		}
		for _, p := range pages() {
			own := t.Value.Get(p.name)
			if own.IsString() {
				c.page(op, t, p, own)
				continue
			}
			for _, s := range services[op] {
				if whole := s.Trait("paginated"); whole != nil && whole.Value.Get(p.name).IsString() {
					c.page(op, t, p, whole.Value.Get(p.name))
				} else if p.needed {
					c.report(model.Error, op, t.Pos, "@paginated of `%s` has no %s, nor has that of `%s`", op.ID, p.name, s.ID)
				}
			}
		}
	}
}

func (c *checker) page(op *model.Shape, t *model.Trait, p page, path *syntax.Node) {
	fail := func(format string, args ...any) {
		c.report(model.Error, op, t.Pos, "@paginated of `%s`: "+format, append([]any{op.ID}, args...)...)
	}
	at := c.m.Shape(op.Input)
	if p.output {
		at = c.m.Shape(op.Output)
	} else if strings.Contains(path.Text, ".") {
		fail("%s is %s: a path is for members of the output alone", p.name, path.Text)
		return
	}
	var m *model.Shape
	for name := range strings.SplitSeq(path.Text, ".") {
		if m = nil; at != nil {
			m = at.Member(name)
		}
		if m == nil {
			fail("%s is %s, which is not there", p.name, path.Text)
			return
		}
		at = c.m.Shape(m.Target)
	}
	if at != nil && !slices.Contains(p.types, at.Type) {
		fail("%s is %s, which is of type %s: want %s", p.name, path.Text, at.Type, strings.Join(p.types, " or "))
	}
	switch {
	case p.bare && m.Has("required"):
		fail("%s is %s, which must not be @required: the first and the last page have none", p.name, path.Text)
	case p.name == "pageSize" && m.Has("required"):
		c.reportAs(c.id+".ShouldNotBeRequired.pageSize", model.Warning, op, t.Pos, "@paginated of `%s`: pageSize is %s, which should not be @required", op.ID, path.Text)
	}
}
