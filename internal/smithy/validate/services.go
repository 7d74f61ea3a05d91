package validate

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
)

// inputMisuse finds @input and @output structures that more than one operation
// uses, or in the other role.
func inputMisuse(c *checker) {
	used := map[string]map[string][]string{"input": {}, "output": {}}
	for _, s := range c.m.Shapes(false) {
		if s.Type == "operation" {
			used["input"][s.Input] = append(used["input"][s.Input], s.ID)
			used["output"][s.Output] = append(used["output"][s.Output], s.ID)
		}
	}
	for _, s := range c.m.Shapes(false) {
		for role, other := range map[string]string{"input": "output", "output": "input"} {
			if !s.Has(role) {
				continue
			}
			if by := used[role][s.ID]; len(by) > 1 {
				c.errorf(s, "`%s` has @%s, so only one operation can use it: %s do", s.ID, role, strings.Join(by, " and "))
			}
			if by := used[other][s.ID]; len(by) > 0 {
				c.errorf(s, "`%s` has @%s, but is the %s of %s", s.ID, role, other, strings.Join(by, " and "))
			}
		}
	}
}

// bindings tells for a service what binds each operation, or each resource.
func (c *checker) bindings(s *model.Shape, operations bool, seen map[string]bool, by map[string][]string) {
	if seen[s.ID] {
		return
	}
	seen[s.ID] = true
	ids := s.Resources
	if operations {
		ids = slices.Concat(s.Operations, s.CollectionOperations, slices.Sorted(maps.Values(s.Lifecycle)))
	}
	for _, id := range ids {
		by[id] = append(by[id], s.ID)
	}
	for _, id := range s.Resources {
		if r := c.m.Shape(id); r != nil {
			c.bindings(r, operations, seen, by)
		}
	}
}

func singleOperations(c *checker) { c.single(true) }
func singleResources(c *checker)  { c.single(false) }

func (c *checker) single(operations bool) {
	for _, s := range c.m.Shapes(false) {
		if s.Type != "service" {
			continue
		}
		by := map[string][]string{}
		c.bindings(s, operations, map[string]bool{}, by)
		for _, id := range slices.Sorted(maps.Keys(by)) {
			places := slices.Compact(slices.Sorted(slices.Values(by[id])))
			if to := c.m.Shape(id); to != nil && len(places) > 1 {
				c.errorf(to, "`%s` is bound more than once in `%s`: by %s", id, s.ID, strings.Join(places, ", "))
			}
		}
	}
}

// lifecycleTraits tells for each lifecycle what its operation must and must not
// be marked with.
func lifecycleTraits(kind string) (want, not string) {
	switch kind {
	case "read", "list":
		return "readonly", ""
	case "put", "delete":
		return "idempotent", ""
	}
	return "", "readonly"
}

func resourceLifecycle(c *checker) {
	for _, s := range c.m.Shapes(false) {
		for _, kind := range slices.Sorted(maps.Keys(s.Lifecycle)) {
			op := c.m.Shape(s.Lifecycle[kind])
			if op == nil {
				continue
			}
			want, not := lifecycleTraits(kind)
			if want != "" && !op.Has(want) {
				c.errorf(s, "the operation for %s of `%s` is `%s`: want it marked @%s", kind, s.ID, op.ID, want)
			}
			if not != "" && op.Has(not) {
				c.errorf(s, "the operation for %s of `%s` is `%s`: it must not be @%s", kind, s.ID, op.ID, not)
			}
		}
	}
}

// resourceIdentifiers wants operations on one instance to take its identifiers, and those on all of
// them not to take every one.
func resourceIdentifiers(c *checker) {
	for _, s := range c.m.Shapes(false) {
		if s.Type != "resource" {
			continue
		}
		one, all := slices.Clone(s.Operations), slices.Clone(s.CollectionOperations)
		for _, kind := range slices.Sorted(maps.Keys(s.Lifecycle)) {
			if kind == "create" || kind == "list" {
				all = append(all, s.Lifecycle[kind])
			} else {
				one = append(one, s.Lifecycle[kind])
			}
		}
		for _, id := range one {
			if op := c.m.Shape(id); op != nil && c.m.Shape(op.Input) != nil && !takes(c.m.Shape(op.Input), s) {
				c.errorf(op, "`%s` works on one `%s`, but its input lacks required members for %s", id, s.ID, named(s.Identifiers))
			}
		}
		for _, id := range all {
			if op := c.m.Shape(id); op != nil && c.m.Shape(op.Input) != nil && takes(c.m.Shape(op.Input), s) {
				c.errorf(op, "`%s` works on all of `%s`, but its input has all that names one: %s", id, s.ID, cmp.Or(named(s.Identifiers), "no identifiers"))
			}
		}
	}
}

func takes(input, resource *model.Shape) bool {
	for _, n := range resource.Identifiers {
		if m := input.Member(n.Name); m != nil && m.Has("required") && m.Target == n.Target {
			continue
		}
		if !slices.ContainsFunc(input.Members, func(m *model.Shape) bool {
			t := m.Trait("resourceIdentifier")
			return t != nil && t.Value.Text == n.Name
		}) {
			return false
		}
	}
	return true
}

func named(list []model.Named) string {
	names := make([]string, len(list))
	for i, n := range list {
		names[i] = n.Name
	}
	return strings.Join(names, ", ")
}

// serviceNames wants the names of all shapes that a service uses to be different,
// whatever their namespace and case; simple types and lists may share one.
func serviceNames(c *checker) {
	for _, s := range c.m.Shapes(false) {
		if s.Type != "service" {
			continue
		}
		byName := map[string][]*model.Shape{}
		selector, err := model.ParseSelector("~>")
		if err != nil {
			return
		}
		for _, to := range selector.From(c.m, s) {
			if to.Type == "member" || model.Namespace(to.ID) == "smithy.api" || s.ID == to.ID {
				continue
			}
			name := s.Rename[to.ID]
			if name == "" {
				name = model.Name(to.ID)
			}
			byName[strings.ToLower(name)] = append(byName[strings.ToLower(name)], to)
		}
		for _, name := range slices.Sorted(maps.Keys(byName)) {
			same := byName[name]
			if len(same) < 2 {
				continue
			}
			slices.SortFunc(same, func(a, b *model.Shape) int { return strings.Compare(a.ID, b.ID) })
			severity := model.Error
			if alike(same[0], same[1]) {
				severity = model.Warning
			}
			for _, to := range same {
				c.report(severity, to, to.Pos, "`%s` uses two shapes of one name, `%s` and `%s`: rename one", s.ID, same[0].ID, same[1].ID)
			}
		}
	}
}

// alike tells whether two shapes may share a name: simple ones of a kind, and
// lists of such.
func alike(a, b *model.Shape) bool {
	if a.Type != b.Type {
		return false
	}
	switch a.Type {
	case "structure", "union", "map", "operation", "resource", "service", "enum", "intEnum":
		return false
	case "list":
		return len(a.Members) == 1 && len(b.Members) == 1 && a.Members[0].Target == b.Members[0].Target
	}
	return true
}

func authTraits(c *checker) {
	for _, s := range c.m.Shapes(false) {
		t := s.Trait("auth")
		if t == nil || s.Type != "service" {
			continue
		}
		for _, item := range t.Value.Items {
			if !s.Has(item.Text) {
				c.report(model.Danger, s, t.Pos, "@auth of `%s` names %s, which the service does not have", s.ID, item.Text)
				return
			}
		}
	}
}
