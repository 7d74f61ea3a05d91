package validate

import (
	"maps"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
)

const preludePrefix = "smithy.api#"

// eachTrait calls do for every trait applied outside the prelude, in order.
func (c *checker) eachTrait(do func(s *model.Shape, t *model.Trait, def *model.Shape)) {
	c.m.Each(func(s *model.Shape) {
		for _, id := range slices.Sorted(maps.Keys(s.Traits)) {
			if def := c.m.Shape(id); def != nil {
				do(s, s.Traits[id], def)
			}
		}
	})
}

func short(id string) string { return strings.TrimPrefix(id, preludePrefix) }

// preludeTraits checks the values of Smithy's own traits, which the rest relies on.
func preludeTraits(c *checker) {
	c.eachTrait(func(s *model.Shape, t *model.Trait, def *model.Shape) {
		if !strings.HasPrefix(t.ID, preludePrefix) || t.ID == preludePrefix+"default" || t.ID == preludePrefix+"enumValue" {
			return
		}
		before := len(c.events)
		v := &valueCheck{c: c, shape: s, what: "@" + short(t.ID)}
		v.check(t.Value, def, nil)
		c.events = slices.DeleteFunc(c.events, func(e model.Event) bool {
			return e.Severity == model.Warning && e.Shape == s.ID && strings.HasPrefix(e.ID, "Model.")
		})
		if len(c.events) > before {
			return
		}
		switch short(t.ID) {
		case "length", "range":
			if t.Value.Get("min") == nil && t.Value.Get("max") == nil {
				c.report(model.Error, s, t.Pos, "@%s of `%s` has neither min nor max", short(t.ID), s.ID)
			}
		case "http":
			if _, err := parseURI(t.Value.Get("uri").Text); err != nil {
				c.report(model.Error, s, t.Pos, "the URI of `%s`, %s: %v", s.ID, t.Value.Get("uri").Text, err)
			}
		case "pattern":
			if err := badPattern(t.Value.Text); err != nil {
				c.report(model.Error, s, t.Pos, "the pattern of `%s`: %v", s.ID, err)
			}
		case "trait":
			if selector := t.Value.Get("selector"); selector.IsString() {
				if _, err := model.ParseSelector(selector.Text); err != nil {
					c.report(model.Error, s, t.Pos, "the trait `%s`: %v", s.ID, err)
				}
			}
		}
	})
}

func traitTargets(c *checker) {
	c.eachTrait(func(s *model.Shape, t *model.Trait, def *model.Shape) {
		meta := def.Trait("trait")
		if meta == nil {
			return
		}
		if selector := meta.Value.Get("selector"); selector.IsString() && !c.selects(selector.Text, s) {
			c.report(model.Error, s, t.Pos, "the trait `%s` is not for `%s`: want a shape that %s selects", short(t.ID), s.ID, selector.Text)
		}
	})
}

func traitValues(c *checker) {
	c.eachTrait(func(s *model.Shape, t *model.Trait, def *model.Shape) {
		if t.ID == preludePrefix+"default" || t.ID == preludePrefix+"enumValue" {
			return
		}
		v := &valueCheck{c: c, shape: s, what: "@" + short(t.ID)}
		v.check(t.Value, def, nil)
	})
}

// traitIDs resolves the names in a trait's list of conflicts.
func traitIDs(n *syntax.Node) []string {
	var ids []string
	if n == nil {
		return nil
	}
	for _, item := range n.Items {
		id := item.Text
		if !strings.Contains(id, "#") {
			id = preludePrefix + id
		}
		ids = append(ids, id)
	}
	return ids
}

func traitConflicts(c *checker) {
	found := map[*model.Shape][]string{}
	c.eachTrait(func(s *model.Shape, t *model.Trait, def *model.Shape) {
		meta := def.Trait("trait")
		if meta == nil {
			return
		}
		for _, id := range traitIDs(meta.Value.Get("conflicts")) {
			if s.Has(id) {
				found[s] = append(found[s], "@"+short(t.ID)+" with @"+short(id))
			}
		}
	})
	c.m.Each(func(s *model.Shape) {
		if len(found[s]) > 0 {
			c.errorf(s, "traits of `%s` exclude each other: %s", s.ID, strings.Join(found[s], ", "))
		}
	})
}

// exclusiveTraits checks traits that one member of a structure may have, or one
// may have by its type.
func exclusiveTraits(c *checker) {
	for _, s := range c.m.Shapes(false) {
		if s.Type != "structure" {
			continue
		}
		members, types := map[string][]string{}, map[string][]string{}
		for _, m := range s.Members {
			name := model.MemberName(m.ID)
			c.exclusive(m, "member", members, name)
			if to := c.m.Shape(m.Target); to != nil {
				c.exclusive(to, "target", types, name)
			}
		}
		for _, found := range []map[string][]string{members, types} {
			for _, id := range slices.Sorted(maps.Keys(found)) {
				if names := found[id]; len(names) > 1 {
					c.errorf(s, "@%s may be on one member of `%s`, and is on %s", short(id), s.ID, strings.Join(names, ", "))
				}
			}
		}
	}
}

func (c *checker) exclusive(s *model.Shape, kind string, found map[string][]string, name string) {
	for id := range s.Traits {
		def := c.m.Shape(id)
		if def == nil || !def.Has("trait") {
			continue
		}
		if by := def.Trait("trait").Value.Get("structurallyExclusive"); by.IsString() && by.Text == kind {
			found[id] = append(found[id], name)
		}
	}
}

// traitValidators runs the checks that traits bring with them.
func traitValidators(c *checker) {
	c.eachTrait(func(s *model.Shape, t *model.Trait, def *model.Shape) {
		meta := def.Trait("traitValidators")
		if meta == nil {
			return
		}
		for _, f := range meta.Value.Fields {
			selector, err := model.ParseSelector(f.Value.Get("selector").Text)
			if err != nil {
				continue
			}
			severity := model.Error
			if text := f.Value.Get("severity"); text.IsString() {
				severity, _ = model.ParseSeverity(text.Text)
			}
			message := "it does not fit the trait"
			if text := f.Value.Get("message"); text.IsString() {
				message = text.Text
			}
			for _, bad := range selector.From(c.m, s) {
				c.reportAs(f.Key, severity, bad, bad.Pos, "`%s` is no use in `%s`, which has @%s: %s", bad.ID, s.ID, short(t.ID), message)
			}
		}
	})
}
