package model

import (
	"fmt"
	"slices"
)

// arguments reads the selectors of a function, up to the closing bracket.
func (p *selectorParser) arguments(name string) ([][]step, error) {
	if !p.take("(") {
		return nil, fmt.Errorf("no ( after %s", name)
	}
	var args [][]step
	for {
		steps, err := p.sequence(")")
		if err != nil {
			return nil, err
		}
		args = append(args, steps)
		if p.take(")") {
			return args, nil
		}
		if !p.take(",") {
			return nil, fmt.Errorf("no ) at the end of %s", name)
		}
	}
}

func (p *selectorParser) function() (step, error) {
	name := p.word()
	args, err := p.arguments(":" + name)
	if err != nil {
		return step{}, err
	}
	most := map[string]int{"in": 1, "root": 1, "topdown": 2}[name]
	if most > 0 && len(args) > most {
		return step{}, fmt.Errorf(":%s has %d arguments: want at most %d", name, len(args), most)
	}
	switch name {
	case "test":
		return filter(func(c *search, s *Shape) bool { return matches(c, args, s) }), nil
	case "not":
		return filter(func(c *search, s *Shape) bool { return !matches(c, args, s) }), nil
	case "is", "each":
		return step{pick: func(c *search, in []*Shape) []*Shape {
			var out []*Shape
			for _, steps := range args {
				out = append(out, run(c, steps, in)...)
			}
			return distinct(out)
		}}, nil
	case "in":
		return filter(func(c *search, s *Shape) bool {
			if len(args[0]) == 1 && args[0][0].root != nil {
				return args[0][0].root.picks(c)[s]
			}
			return slices.Contains(run(c, args[0], []*Shape{s}), s)
		}), nil
	case "root":
		root := &rootStep{args[0]}
		return step{root: root, pick: func(c *search, _ []*Shape) []*Shape {
			var out []*Shape
			c.m.every(func(s *Shape) {
				if root.picks(c)[s] {
					out = append(out, s)
				}
			})
			return out
		}}, nil
	case "topdown":
		return step{pick: func(c *search, in []*Shape) []*Shape { return c.topdown(args, in) }}, nil
	}
	return step{}, fmt.Errorf("there is no function :%s", name)
}

// matches tells whether one of several selectors leads anywhere from a shape.
func matches(c *search, args [][]step, s *Shape) bool {
	return slices.ContainsFunc(args, func(steps []step) bool { return len(run(c, steps, []*Shape{s})) > 0 })
}

// every calls do for all shapes and members, those of the prelude too.
func (m *Model) every(do func(*Shape)) {
	for _, s := range m.Shapes(true) {
		do(s)
		for _, member := range s.Members {
			do(member)
		}
	}
}

// rootStep begins anew with all shapes; it is run once for a selector.
type rootStep struct{ steps []step }

func (r *rootStep) picks(c *search) map[*Shape]bool {
	set, known := c.roots[r]
	if !known {
		var all []*Shape
		c.m.every(func(s *Shape) { all = append(all, s) })
		set = map[*Shape]bool{}
		for _, s := range run(c, r.steps, all) {
			set[s] = true
		}
		c.roots[r] = set
	}
	return set
}

// topdown keeps services, resources and operations that the first selector matches, or that are
// bound below one that it matches, with none between, and not itself, that the second matches.
func (c *search) topdown(args [][]step, in []*Shape) []*Shape {
	parents := map[*Shape][]*Shape{}
	for _, s := range c.m.Shapes(true) {
		if s.Type == "service" || s.Type == "resource" {
			for _, r := range c.m.relations(s) {
				if r.to.Type == "operation" || r.to.Type == "resource" {
					parents[r.to] = append(parents[r.to], s)
				}
			}
		}
	}
	seen := map[*Shape]bool{}
	var below func(s *Shape) bool
	below = func(s *Shape) bool {
		if seen[s] { // resources that contain each other: reported elsewhere
			return false
		}
		seen[s] = true
		defer delete(seen, s)
		switch {
		case len(args) > 1 && matches(c, args[1:], s):
			return false
		case matches(c, args[:1], s):
			return true
		}
		return slices.ContainsFunc(parents[s], below)
	}
	return slices.DeleteFunc(slices.Clone(in), func(s *Shape) bool {
		return s.Type != "service" && s.Type != "resource" && s.Type != "operation" || !below(s)
	})
}

// variable reads $name(selector), which keeps what it picks, or ${name}, which picks that.
func (p *selectorParser) variable() (step, error) {
	p.variables = true
	if p.take("{") {
		name := p.word()
		if name == "" || !p.take("}") {
			return step{}, fmt.Errorf("no variable at offset %d", p.at)
		}
		return step{pick: func(c *search, _ []*Shape) []*Shape { return c.variables[name] }}, nil
	}
	name := p.word()
	args, err := p.arguments("$" + name)
	if err != nil {
		return step{}, err
	}
	if name == "" || len(args) > 1 {
		return step{}, fmt.Errorf("the variable $%s wants a name and one selector, at offset %d", name, p.at)
	}
	return step{name: name, pick: func(c *search, in []*Shape) []*Shape { return run(c, args[0], in) }}, nil
}
