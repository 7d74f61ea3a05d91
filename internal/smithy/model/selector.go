package model

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Selector picks shapes of a model (https://smithy.io/2.0/spec/selectors.html).
// Variables and scoped attributes are not understood: ParseSelector says so.
type Selector struct {
	text  string
	steps []step
}

// step maps a set of shapes to another.
type step func(m *Model, in []*Shape) []*Shape

// ErrSelectorFeature is wrapped by ParseSelector's error for what the language
// has and this package does not.
var ErrSelectorFeature = errors.New("not understood by this tool")

// ParseSelector reads a selector. As in smithy-cli, what follows a comma
// outside of brackets does not count.
func ParseSelector(text string) (*Selector, error) {
	p := &selectorParser{text: text}
	steps, err := p.sequence("")
	if err != nil {
		return nil, fmt.Errorf("the selector %q: %w", text, err)
	}
	return &Selector{text, steps}, nil
}

// Select gives the shapes that a selector picks, members and prelude included.
func (s *Selector) Select(m *Model) map[*Shape]bool {
	var all []*Shape
	for _, shape := range m.Shapes(true) {
		all = append(append(all, shape), shape.Members...)
	}
	picked := map[*Shape]bool{}
	for _, shape := range run(m, s.steps, all) {
		picked[shape] = true
	}
	return picked
}

func run(m *Model, steps []step, in []*Shape) []*Shape {
	for _, st := range steps {
		if in = st(m, in); len(in) == 0 {
			return nil
		}
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
	text  string
	at    int
	depth int
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
	case p.take(">"):
		return neighbors(nil), nil
	case p.take("~>"):
		return recursive, nil
	case p.take("-["):
		rels, err := p.relations("]->")
		return neighbors(rels), err
	case p.take("<-["):
		rels, err := p.relations("]-")
		return reverse(rels), err
	case p.take("<"):
		return reverse(nil), nil
	case p.take("*"):
		return func(_ *Model, in []*Shape) []*Shape { return in }, nil
	}
	name := strings.TrimRight(p.word(), "-")
	if !isTypeName(name) {
		if c := p.peek(); c == '$' || c == '{' {
			return nil, fmt.Errorf("variables: %w", ErrSelectorFeature)
		}
		return nil, fmt.Errorf("unknown kind of shape %q at offset %d", rest(p.text, p.at-len(name)), p.at-len(name))
	}
	return filter(func(_ *Model, s *Shape) bool { return isKind(s, name) }), nil
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

func filter(keep func(*Model, *Shape) bool) step {
	return func(m *Model, in []*Shape) []*Shape {
		var out []*Shape
		for _, s := range in {
			if keep(m, s) {
				out = append(out, s)
			}
		}
		return out
	}
}

func (p *selectorParser) function() (step, error) {
	name := p.word()
	if !p.take("(") {
		return nil, fmt.Errorf("no ( after :%s", name)
	}
	var args [][]step
	for {
		steps, err := p.sequence(")")
		if err != nil {
			return nil, err
		}
		args = append(args, steps)
		if p.take(")") {
			break
		}
		if !p.take(",") {
			return nil, fmt.Errorf("no ) at the end of :%s", name)
		}
	}
	matches := func(m *Model, s *Shape) bool {
		return slices.ContainsFunc(args, func(steps []step) bool { return len(run(m, steps, []*Shape{s})) > 0 })
	}
	switch name {
	case "test":
		return filter(matches), nil
	case "not":
		return filter(func(m *Model, s *Shape) bool { return !matches(m, s) }), nil
	case "is", "each":
		return func(m *Model, in []*Shape) []*Shape {
			var out []*Shape
			for _, steps := range args {
				out = append(out, run(m, steps, in)...)
			}
			return distinct(out)
		}, nil
	}
	return nil, fmt.Errorf("the function :%s: %w", name, ErrSelectorFeature)
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
	return func(m *Model, in []*Shape) []*Shape {
		var out []*Shape
		for _, s := range in {
			for _, r := range m.relations(s) {
				if names == nil && r.name != "mixin" || slices.Contains(names, r.name) {
					out = append(out, r.to)
				}
			}
		}
		return distinct(out)
	}
}

func recursive(m *Model, in []*Shape) []*Shape {
	seen := map[*Shape]bool{}
	queue := slices.Clone(in)
	var out []*Shape
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		for _, n := range m.Neighbors(s) {
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
	return func(m *Model, in []*Shape) []*Shape {
		want := map[*Shape]bool{}
		for _, s := range in {
			want[s] = true
		}
		var out []*Shape
		for _, s := range m.Shapes(true) {
			for _, from := range append([]*Shape{s}, s.Members...) {
				if slices.ContainsFunc(forward(m, []*Shape{from}), func(to *Shape) bool { return want[to] }) {
					out = append(out, from)
				}
			}
		}
		return distinct(out)
	}
}

// From gives what a selector picks, beginning with one shape.
func (s *Selector) From(m *Model, shape *Shape) []*Shape {
	return run(m, s.steps, []*Shape{shape})
}
