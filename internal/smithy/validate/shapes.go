package validate

import (
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
)

// idConflicts finds names that differ in case alone: code generators for some
// languages would give both the same one.
func idConflicts(c *checker) {
	shapes := map[string][]*model.Shape{}
	c.m.Each(func(s *model.Shape) {
		key := strings.ToLower(s.ID)
		if s.Type == "member" {
			key = s.Container.ID + "$" + strings.ToLower(model.MemberName(s.ID))
		}
		shapes[key] = append(shapes[key], s)
	})
	c.m.Each(func(s *model.Shape) {
		key := strings.ToLower(s.ID)
		if s.Type == "member" {
			key = s.Container.ID + "$" + strings.ToLower(model.MemberName(s.ID))
		}
		if same := shapes[key]; len(same) > 1 {
			other := same[0]
			if other == s {
				other = same[1]
			}
			c.errorf(s, "`%s` differs from `%s` in upper and lower case alone", s.ID, other.ID)
		}
	})
}

// recursion finds types without an end: no value of them could be written.
func recursion(c *checker) {
	lists := c.cyclic(func(s *model.Shape) []*model.Shape {
		if s.Type == "list" || s.Type == "map" {
			return s.Members
		}
		return nil
	})
	structures := c.cyclic(func(s *model.Shape) []*model.Shape {
		if s.Type != "structure" {
			return nil
		}
		return slices.DeleteFunc(slices.Clone(s.Members), func(m *model.Shape) bool { return !m.Has("required") })
	})
	for _, s := range c.m.Shapes(false) {
		switch s.Type {
		case "list", "map":
			if lists[s] {
				c.errorf(s, "`%s` contains itself without a structure or union between", s.ID)
			}
		case "structure":
			if structures[s] {
				c.errorf(s, "`%s` contains itself through required members alone", s.ID)
			}
		case "union":
			if len(s.Members) > 0 && !slices.ContainsFunc(s.Members, func(m *model.Shape) bool { return !c.endless(m.Target, s.ID, map[string]bool{}) }) {
				c.errorf(s, "every member of the union `%s` leads back to it", s.ID)
			}
		}
	}
}

// cyclic gives the shapes that lead back to themselves over the members that next gives. It visits
// each shape once (Tarjan's strongly connected components), for models may have many in a row.
func (c *checker) cyclic(next func(*model.Shape) []*model.Shape) map[*model.Shape]bool {
	found, number, low, open := map[*model.Shape]bool{}, map[*model.Shape]int{}, map[*model.Shape]int{}, map[*model.Shape]bool{}
	var stack []*model.Shape
	var visit func(s *model.Shape)
	visit = func(s *model.Shape) {
		number[s] = len(number) + 1
		low[s], open[s] = number[s], true
		stack = append(stack, s)
		for _, m := range next(s) {
			switch to := c.m.Shape(m.Target); {
			case to == nil:
			case to == s:
				found[s] = true
			case number[to] == 0:
				visit(to)
				low[s] = min(low[s], low[to])
			case open[to]:
				low[s] = min(low[s], number[to])
			}
		}
		if low[s] != number[s] {
			return
		}
		at := len(stack) - 1
		for stack[at] != s {
			at--
		}
		for _, member := range stack[at:] {
			open[member] = false
			if len(stack)-at > 1 {
				found[member] = true
			}
		}
		stack = stack[:at]
	}
	for _, s := range c.m.Shapes(false) {
		if number[s] == 0 {
			visit(s)
		}
	}
	return found
}

// endless tells whether a value of a type needs one of the union.
func (c *checker) endless(id, union string, seen map[string]bool) bool {
	if id == union {
		return true
	}
	s := c.m.Shape(id)
	if s == nil || seen[id] {
		return false
	}
	seen[id] = true
	switch s.Type {
	case "union":
		return len(s.Members) > 0 && !slices.ContainsFunc(s.Members, func(m *model.Shape) bool { return !c.endless(m.Target, union, seen) })
	case "structure":
		return slices.ContainsFunc(s.Members, func(m *model.Shape) bool { return m.Has("required") && c.endless(m.Target, union, seen) })
	}
	return false
}

func unitTypes(c *checker) {
	c.m.Each(func(s *model.Shape) {
		if s.Type == "member" && s.Target == preludePrefix+"Unit" && !slices.Contains([]string{"union", "enum", "intEnum"}, s.Container.Type) {
			c.errorf(s, "the type of `%s` is Unit, which only members of unions have", s.ID)
		}
	})
}

// private finds uses of private shapes of other namespaces.
func private(c *checker) {
	c.m.Each(func(s *model.Shape) {
		for _, to := range c.m.Neighbors(s) {
			if to.Has("private") && model.Namespace(to.ID) != model.Namespace(s.ID) {
				c.errorf(s, "`%s` refers to `%s`, which is private to its namespace", s.ID, to.ID)
			}
		}
	})
}

func enumShapes(c *checker) {
	for _, s := range c.m.Shapes(false) {
		if s.Type != "enum" && s.Type != "intEnum" {
			continue
		}
		values := map[string]string{}
		for _, m := range s.Members {
			t := m.Trait("enumValue")
			want := syntax.String
			if s.Type == "intEnum" {
				want = syntax.Number
			}
			switch {
			case t == nil:
				c.errorf(m, "the member `%s` of an intEnum needs a value", m.ID)
			case t.Value.Kind != want:
				c.report(model.Error, m, t.Pos, "the value of `%s`: want a %s, found %s", m.ID, want, t.Value.Kind)
			case t.Value.Text == "":
				c.report(model.Error, m, t.Pos, "the value of `%s` is empty", m.ID)
			case values[t.Value.Text] != "":
				c.errorf(m, "the members %s and %s have the same value", values[t.Value.Text], model.MemberName(m.ID))
			default:
				values[t.Value.Text] = model.MemberName(m.ID)
			}
		}
	}
}

// enumTraits checks the enums of version 1.0.
func enumTraits(c *checker) {
	c.m.Each(func(s *model.Shape) {
		t := s.Trait("enum")
		if t == nil {
			return
		}
		names, values := map[string]bool{}, map[string]bool{}
		for _, item := range t.Value.Items {
			if name := item.Get("name"); name.IsString() {
				if names[name.Text] {
					c.report(model.Error, s, t.Pos, "the enum `%s` has the name %s twice", s.ID, name.Text)
				}
				names[name.Text] = true
			}
			if value := item.Get("value"); value.IsString() {
				if values[value.Text] {
					c.report(model.Error, s, t.Pos, "the enum `%s` has the value %q twice", s.ID, value.Text)
				}
				values[value.Text] = true
			}
		}
		if len(names) > 0 && len(names) < len(t.Value.Items) {
			c.report(model.Error, s, t.Pos, "some values of the enum `%s` have names and some have none", s.ID)
		}
	})
}

// defaults checks default values, which must be of their type and, for a type
// that has one itself, the same or null.
func defaults(c *checker) {
	c.m.Each(func(s *model.Shape) {
		own := s.Trait("default")
		to := s
		if s.Type == "member" {
			if to = c.m.Shape(s.Target); to == nil {
				return
			}
			if base := to.Trait("default"); base != nil && s.Container.Type == "structure" {
				if own == nil {
					c.errorf(s, "`%s` needs the default of its type `%s`, %s, or null", s.ID, to.ID, base.Value.Text)
					return
				}
				if own.Value.Kind != syntax.Null && !model.Equal(own.Value, base.Value) {
					c.errorf(s, "the default of `%s` is not that of its type `%s`, %s", s.ID, to.ID, base.Value.Text)
					return
				}
			}
		}
		if own == nil || own.Value.Kind == syntax.Null {
			return
		}
		if (to.Type == "list" || to.Type == "map" || to.Type == "document") && len(own.Value.Items)+len(own.Value.Fields) > 0 {
			c.report(model.Error, s, own.Pos, "the default of `%s` is not empty: of a %s only an empty one can be", s.ID, to.Type)
			return
		}
		if to.Type == "structure" || to.Type == "union" {
			return // said by TraitTarget
		}
		v := &valueCheck{c: c, shape: s, what: "the default of `" + s.ID + "`"}
		member := s
		if s.Type != "member" {
			member = nil
		}
		v.check(own.Value, to, member)
	})
}

func lengths(c *checker) { c.bounds("length", true) }
func ranges(c *checker)  { c.bounds("range", false) }

func (c *checker) bounds(id string, natural bool) {
	c.m.Each(func(s *model.Shape) {
		t := s.Trait(id)
		if t == nil {
			return
		}
		least, hasLeast := bound(t, "min")
		most, hasMost := bound(t, "max")
		if hasLeast && hasMost && least.Cmp(most) > 0 {
			c.report(model.Error, s, t.Pos, "@%s of `%s`: min is greater than max", id, s.ID)
		}
		for _, key := range []string{"min", "max"} {
			limit, ok := bound(t, key)
			if ok && natural && limit.Sign() < 0 {
				c.report(model.Error, s, t.Pos, "@%s of `%s`: %s is negative", id, s.ID, key)
			}
			if ok && !natural && !limit.IsInt() && c.whole(s) {
				c.report(model.Error, s, t.Pos, "@%s of `%s`: %s is not a whole number, as the type is", id, s.ID, key)
			}
		}
	})
}

func (c *checker) whole(s *model.Shape) bool {
	if s.Type == "member" {
		if s = c.m.Shape(s.Target); s == nil {
			return false
		}
	}
	return slices.Contains([]string{"byte", "short", "integer", "long", "bigInteger", "intEnum"}, s.Type)
}

func jsonNames(c *checker) {
	for _, s := range c.m.Shapes(false) {
		names := map[string]int{}
		marked := false
		for _, m := range s.Members {
			name := model.MemberName(m.ID)
			if t := m.Trait("jsonName"); t != nil {
				name, marked = t.Value.Text, true
			}
			names[name]++
		}
		for _, count := range names {
			if marked && count > 1 {
				c.errorf(s, "members of `%s` have the same name in JSON", s.ID)
			}
		}
	}
}

func references(c *checker) {
	c.m.Each(func(s *model.Shape) {
		t := s.Trait("references")
		if t == nil {
			return
		}
		for _, item := range t.Value.Items {
			if id := item.Get("resource"); id.IsString() {
				if to := c.m.Shape(id.Text); to != nil && to.Type != "resource" {
					c.report(model.Error, s, t.Pos, "`%s` refers to the %s `%s`: want a resource", s.ID, to.Type, to.ID)
				}
			}
		}
	})
}

func mediaTypes(c *checker) {
	c.m.Each(func(s *model.Shape) {
		if t := s.Trait("mediaType"); t != nil {
			if kind, sub, ok := strings.Cut(t.Value.Text, "/"); !ok || kind == "" || sub == "" || strings.ContainsAny(kind, " \t") {
				c.report(model.Error, s, t.Pos, "%q is not a media type: want one such as text/plain", t.Value.Text)
			}
		}
	})
}
