package model

import (
	"fmt"
	"slices"
	"strings"
)

// Selector picks shapes of a model (https://smithy.io/2.0/spec/selectors.html).
type Selector struct {
	text      string
	steps     []step
	variables bool // it has some, whose values depend on the shape that it began with
}

// step maps a set of shapes to another. One with a name keeps what it makes of
// a shape as the variable of that name, and goes on with the shape itself.
type step struct {
	pick func(c *search, in []*Shape) []*Shape
	name string
	root *rootStep // of :root
}

// search is what a selector runs in.
type search struct {
	m         *Model
	variables map[string][]*Shape
	roots     map[*rootStep]map[*Shape]bool // what :root has picked
}

func newSearch(m *Model) *search {
	return &search{m, map[string][]*Shape{}, map[*rootStep]map[*Shape]bool{}}
}

// ParseSelector reads a selector. As in smithy-cli, what follows a comma
// outside of brackets does not count.
func ParseSelector(text string) (*Selector, error) {
	p := &selectorParser{text: text}
	steps, err := p.sequence("")
	if err != nil {
		return nil, fmt.Errorf("the selector %q: %w", text, err)
	}
	return &Selector{text, steps, p.variables}, nil
}

// Select gives the shapes that a selector picks, members and prelude included.
func (s *Selector) Select(m *Model) map[*Shape]bool {
	var all []*Shape
	m.every(func(shape *Shape) { all = append(all, shape) })
	picked := map[*Shape]bool{}
	c := newSearch(m)
	add := func(in []*Shape) {
		for _, shape := range run(c, s.steps, in) {
			picked[shape] = true
		}
	}
	if !s.variables {
		add(all)
		return picked
	}
	for _, shape := range all {
		clear(c.variables)
		add([]*Shape{shape})
	}
	return picked
}

func run(c *search, steps []step, in []*Shape) []*Shape {
	for i, st := range steps {
		if len(in) == 0 {
			return nil
		}
		if st.name == "" {
			in = st.pick(c, in)
			continue
		}
		var out []*Shape
		for _, s := range in {
			c.variables[st.name] = st.pick(c, []*Shape{s})
			out = append(out, run(c, steps[i+1:], []*Shape{s})...)
		}
		return distinct(out)
	}
	return in
}

func distinct(list []*Shape) []*Shape {
	seen := make(map[*Shape]bool, len(list))
	out := list[:0:0]
	for _, s := range list {
		if s != nil && !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

type selectorParser struct {
	text      string
	at        int
	depth     int
	variables bool
}

const maxSelectorDepth = 32

func (p *selectorParser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *selectorParser) peek() byte {
	p.space()
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *selectorParser) take(s string) bool {
	p.space()
	if strings.HasPrefix(p.text[p.at:], s) {
		p.at += len(s)
		return true
	}
	return false
}

// word reads a name, which may be a whole shape id.
func (p *selectorParser) word() string {
	p.space()
	start := p.at
	for p.at < len(p.text) && (isWord(p.text[p.at])) {
		p.at++
	}
	return p.text[start:p.at]
}

func isWord(c byte) bool {
	return c == '_' || c == '.' || c == '#' || c == '$' || c == '-' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// sequence reads expressions up to a comma, one of the closing bytes or the end.
func (p *selectorParser) sequence(closing string) ([]step, error) {
	if p.depth++; p.depth > maxSelectorDepth {
		return nil, fmt.Errorf("nested more than %d deep", maxSelectorDepth)
	}
	defer func() { p.depth-- }()
	var steps []step
	for {
		c := p.peek()
		if c == 0 || c == ',' || strings.IndexByte(closing, c) >= 0 {
			if len(steps) == 0 {
				return nil, fmt.Errorf("nothing to select at offset %d", p.at)
			}
			return steps, nil
		}
		st, err := p.expression()
		if err != nil {
			return nil, err
		}
		steps = append(steps, st)
	}
}

func (p *selectorParser) expression() (step, error) {
	switch {
	case p.take(":"):
		return p.function()
	case p.take("["):
		return p.attribute()
	case p.take("$"):
		return p.variable()
	case p.take(">"):
		return neighbors(nil), nil
	case p.take("~>"):
		return step{pick: recursive}, nil
	case p.take("-["):
		rels, err := p.relations("]->")
		return neighbors(rels), err
	case p.take("<-["):
		rels, err := p.relations("]-")
		return reverse(rels), err
	case p.take("<"):
		return reverse(nil), nil
	case p.take("*"):
		return step{pick: func(_ *search, in []*Shape) []*Shape { return in }}, nil
	}
	name := strings.TrimRight(p.word(), "-")
	if !isTypeName(name) {
		return step{}, fmt.Errorf("unknown kind of shape %q at offset %d", rest(p.text, p.at-len(name)), p.at-len(name))
	}
	return filter(func(_ *search, s *Shape) bool { return isKind(s, name) }), nil
}

func rest(s string, at int) string {
	s = s[min(max(at, 0), len(s)):]
	return s[:min(12, len(s))]
}

func isTypeName(name string) bool {
	return slices.Contains([]string{"member", "simpleType", "number", "collection", "structure", "union", "list", "set", "map", "service", "resource",
		"operation", "enum", "intEnum", "blob", "boolean", "document", "string", "byte", "short", "integer", "long", "float", "double",
		"bigInteger", "bigDecimal", "timestamp"}, name)
}

// isKind tells whether a shape is of a type or a group of types; enums are
// strings and integers.
func isKind(s *Shape, name string) bool {
	switch name {
	case s.Type:
		return true
	case "string":
		return s.Type == "enum"
	case "integer":
		return s.Type == "intEnum"
	case "set", "collection":
		return s.Type == "list"
	case "number":
		return slices.Contains([]string{"byte", "short", "integer", "long", "float", "double", "bigInteger", "bigDecimal", "intEnum"}, s.Type)
	case "simpleType":
		return !slices.Contains([]string{"member", "list", "map", "structure", "union", "service", "resource", "operation"}, s.Type)
	}
	return false
}

func filter(keep func(*search, *Shape) bool) step {
	return step{pick: func(c *search, in []*Shape) []*Shape {
		var out []*Shape
		for _, s := range in {
			if keep(c, s) {
				out = append(out, s)
			}
		}
		return out
	}}
}

func (p *selectorParser) relations(end string) ([]string, error) {
	var list []string
	for {
		name := strings.TrimRight(p.word(), "-")
		if name == "" {
			return nil, fmt.Errorf("no relationship at offset %d", p.at)
		}
		list = append(list, name)
		switch {
		case p.take(end):
			return list, nil
		case !p.take(","):
			return nil, fmt.Errorf("no %s at offset %d", end, p.at)
		}
	}
}

// relation is an edge from one shape to another.
type relation struct {
	name string
	to   *Shape
}

func (m *Model) relations(s *Shape) []relation {
	var list []relation
	add := func(name string, ids ...string) {
		for _, id := range ids {
			if to := m.Shape(id); to != nil {
				list = append(list, relation{name, to})
			}
		}
	}
	for _, member := range s.Members {
		list = append(list, relation{"member", member})
	}
	switch s.Type {
	case "member":
		add("target", s.Target)
	case "operation":
		add("input", s.Input)
		add("output", s.Output)
		add("error", s.Errors...)
	case "service":
		add("operation", s.Operations...)
		add("resource", s.Resources...)
		add("error", s.Errors...)
	case "resource":
		for _, n := range s.Identifiers {
			add("identifier", n.Target)
		}
		for _, n := range s.Properties {
			add("property", n.Target)
		}
		for _, kind := range lifecycle {
			add(kind, s.Lifecycle[kind])
			add("operation", s.Lifecycle[kind])
		}
		add("operation", s.Operations...)
		add("collectionOperation", s.CollectionOperations...)
		add("resource", s.Resources...)
	}
	add("mixin", s.Mixins...)
	return list
}

// Neighbors gives the shapes that s refers to.
func (m *Model) Neighbors(s *Shape) []*Shape {
	var list []*Shape
	for _, r := range m.relations(s) {
		list = append(list, r.to)
	}
	return distinct(list)
}

func neighbors(names []string) step {
	return step{pick: func(c *search, in []*Shape) []*Shape {
		var out []*Shape
		for _, s := range in {
			for _, r := range c.m.relations(s) {
				if names == nil && r.name != "mixin" || slices.Contains(names, r.name) {
					out = append(out, r.to)
				}
			}
		}
		return distinct(out)
	}}
}

func recursive(c *search, in []*Shape) []*Shape {
	seen := map[*Shape]bool{}
	queue := slices.Clone(in)
	var out []*Shape
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		for _, n := range c.m.Neighbors(s) {
			if !seen[n] {
				seen[n] = true
				out, queue = append(out, n), append(queue, n)
			}
		}
	}
	return out
}

func reverse(names []string) step {
	forward := neighbors(names)
	return step{pick: func(c *search, in []*Shape) []*Shape {
		want := map[*Shape]bool{}
		for _, s := range in {
			want[s] = true
		}
		var out []*Shape
		for _, s := range c.m.Shapes(true) {
			for _, from := range append([]*Shape{s}, s.Members...) {
				if slices.ContainsFunc(forward.pick(c, []*Shape{from}), func(to *Shape) bool { return want[to] }) {
					out = append(out, from)
				}
			}
		}
		return distinct(out)
	}}
}

// From gives what a selector picks, beginning with one shape.
func (s *Selector) From(m *Model, shape *Shape) []*Shape {
	return run(newSearch(m), s.steps, []*Shape{shape})
}

// String gives the selector as it was written.
func (s *Selector) String() string { return s.text }
