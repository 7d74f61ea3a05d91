package validate

import (
	"slices"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
)

// targets checks what shapes refer to: that it is there and of a kind that fits.
func targets(c *checker) {
	c.m.Each(func(s *model.Shape) {
		switch s.Type {
		case "member":
			c.memberTarget(s)
		case "operation":
			c.related(s, "input", "structure", s.Input)
			c.related(s, "output", "structure", s.Output)
			c.errors(s)
		case "service":
			c.related(s, "operation", "operation", s.Operations...)
			c.related(s, "resource", "resource", s.Resources...)
			c.errors(s)
		case "resource":
			for _, n := range s.Identifiers {
				c.related(s, "identifier", "string", n.Target)
			}
			for _, n := range s.Properties {
				c.related(s, "property", "", n.Target)
			}
			for _, kind := range []string{"create", "put", "read", "update", "delete", "list"} {
				if id := s.Lifecycle[kind]; id != "" {
					c.related(s, kind, "operation", id)
				}
			}
			c.related(s, "operation", "operation", s.Operations...)
			c.related(s, "collectionOperation", "operation", s.CollectionOperations...)
			c.related(s, "resource", "resource", s.Resources...)
		}
		for _, id := range s.Mixins {
			if mixin := c.m.Shape(id); mixin == nil {
				c.unresolved(s, "a mixin", id)
			} else if !mixin.Has("mixin") {
				c.errorf(s, "`%s` is used as a mixin by `%s`, but has no @mixin", id, s.ID)
			}
		}
	})
}

func (c *checker) unresolved(s *model.Shape, what, id string) {
	c.reportAs("Target.UnresolvedShape", model.Error, s, s.Pos, "%s of `%s` is `%s`, which is not defined", what, s.ID, id)
}

func (c *checker) memberTarget(s *model.Shape) {
	to := c.m.Shape(s.Target)
	switch {
	case to == nil:
		c.unresolved(s, "the type", s.Target)
	case slices.Contains([]string{"operation", "service", "resource", "member"}, to.Type):
		c.errorf(s, "the type of `%s` is the %s `%s`: want data", s.ID, to.Type, to.ID)
	case to.Has("mixin"):
		c.errorf(s, "the type of `%s` is the mixin `%s`: mixins are no types", s.ID, to.ID)
	case to.Has("trait"):
		c.errorf(s, "the type of `%s` is the trait `%s`: traits are no types", s.ID, to.ID)
	case s.Container.Type == "map" && model.MemberName(s.ID) == "key" && to.Type != "string" && to.Type != "enum":
		c.errorf(s.Container, "the keys of the map `%s` are of the %s `%s`: want strings", s.Container.ID, to.Type, to.ID)
	}
}

// related checks targets of one kind; kind "" takes any data.
func (c *checker) related(s *model.Shape, relation, kind string, ids ...string) {
	for _, id := range ids {
		to := c.m.Shape(id)
		switch {
		case to == nil:
			c.unresolved(s, "the "+relation, id)
		case to.Has("mixin"):
			c.errorf(s, "the %s of `%s` is the mixin `%s`", relation, s.ID, id)
		case kind == "" || kind == to.Type || kind == "string" && to.Type == "enum":
		case kind == "structure" && c.o.BareMessages && !slices.Contains([]string{"operation", "service", "resource"}, to.Type):
		default:
			c.errorf(s, "the %s of `%s` is the %s `%s`: want a shape of the kind %s", relation, s.ID, to.Type, id, kind)
		}
	}
}

func (c *checker) errors(s *model.Shape) {
	for _, id := range s.Errors {
		to := c.m.Shape(id)
		switch {
		case to == nil:
			c.unresolved(s, "an error", id)
		case to.Type != "structure":
			c.errorf(s, "the error `%s` of `%s` is a %s: want a structure", id, s.ID, to.Type)
		case !to.Has("error"):
			c.errorf(s, "the error `%s` of `%s` has no @error trait", id, s.ID)
		}
	}
}

func resourceCycles(c *checker) {
	for _, s := range c.m.Shapes(false) {
		if s.Type == "resource" && c.reaches(s, s, map[string]bool{}) {
			c.errorf(s, "the resource `%s` is below itself", s.ID)
		}
	}
}

func (c *checker) reaches(from, to *model.Shape, seen map[string]bool) bool {
	for _, id := range from.Resources {
		if id == to.ID {
			return true
		}
		if next := c.m.Shape(id); next != nil && !seen[id] {
			seen[id] = true
			if c.reaches(next, to, seen) {
				return true
			}
		}
	}
	return false
}
