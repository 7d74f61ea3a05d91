package model

import (
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
)

// shape declares a shape of an IDL file, and those in line in it.
func (l *loader) shape(st *syntax.Shape, s *scope, in, out string) {
	id := s.ns + "#" + st.Name.Text
	kind := st.Type
	if kind == "set" {
		kind = "list"
	}
	shape := &Shape{ID: id, Type: kind, Pos: st.Pos, v1: s.v1}
	if !l.declare(declared{shape, st, s}) {
		return
	}
	if s.v1 {
		l.versionOne(st, id)
	}
	if st.Type == "set" {
		if !s.v1 {
			l.errorf(id, st.Pos, "a set is for version 1.0: want a list with @uniqueItems")
		}
		l.queue(id, application{trait: prelude + "uniqueItems", value: object(st.Pos), pos: st.Pos})
	}
	for _, p := range st.Props {
		if p.Inline == nil {
			continue
		}
		inline, role := *p.Inline, p.Key.Text
		inline.Name = syntax.Name{Pos: p.Inline.Pos, Text: st.Name.Text + map[string]string{"input": in, "output": out}[role]}
		l.queue(s.ns+"#"+inline.Name.Text, application{trait: prelude + role, value: object(p.Inline.Pos), pos: p.Inline.Pos})
		l.inline[inline.Pos] = s.ns + "#" + inline.Name.Text
		l.shape(&inline, s, in, out)
	}
}

func object(pos syntax.Pos) *syntax.Node { return &syntax.Node{Kind: syntax.Object, Pos: pos} }

func text(s string, pos syntax.Pos) *syntax.Node {
	return &syntax.Node{Kind: syntax.String, Text: s, Pos: pos}
}

// versionOne refuses what only version 2.0 has.
func (l *loader) versionOne(st *syntax.Shape, id string) {
	later := func(pos syntax.Pos, what string) {
		l.errorf(id, pos, "%s need version 2.0: begin the file with $version: \"2\"", what)
	}
	if st.Type == "enum" || st.Type == "intEnum" {
		later(st.Pos, st.Type+" shapes")
	}
	if len(st.Mixins) > 0 {
		later(st.Mixins[0].Pos, "mixins")
	}
	for _, t := range st.Traits {
		if t.ID.Text == "mixin" {
			later(t.Pos, "mixins")
		}
	}
	if st.For != nil {
		later(st.For.Pos, "structures for a resource")
	}
	for _, m := range st.Members {
		if m.Elided {
			later(m.Pos, "members without a type")
		} else if m.Value != nil && st.Type != "enum" && st.Type != "intEnum" {
			l.errorf("", m.Value.Pos, "default values need version 2.0: begin the file with $version: \"2\"")
		}
	}
	for _, p := range st.Props {
		if p.Inline != nil {
			later(p.Inline.Pos, "structures in line")
		}
	}
}

// define fills a declared shape.
func (l *loader) define(d declared) {
	s, st := d.shape, d.syntax
	for _, t := range st.Traits {
		l.apply(s.ID, t, d.scope)
	}
	l.described(s.ID, &st.Comments)
	for _, m := range st.Mixins {
		s.Mixins = append(s.Mixins, l.resolve(m.Text, d.scope))
	}
	if st.For != nil {
		s.For = l.resolve(st.For.Text, d.scope)
	}
	for _, m := range st.Members {
		l.member(d, m)
	}
	l.wanted(s, st)
	l.properties(d)
}

// wanted refuses aggregate shapes without the members of their kind.
func (l *loader) wanted(s *Shape, st *syntax.Shape) {
	var names []string
	switch s.Type {
	case "list":
		names = []string{"member"}
	case "map":
		names = []string{"key", "value"}
	default:
		return
	}
	for _, m := range st.Members {
		if !slices.Contains(names, m.Name) {
			l.errorf(s.ID, m.Pos, "unexpected member `%s` in a %s: want %s", m.Name, s.Type, strings.Join(names, " and "))
		}
	}
	for _, name := range names {
		if s.Member(name) == nil && len(st.Mixins) == 0 {
			l.errorf(s.ID, s.Pos, "the %s `%s` has no `%s`", s.Type, s.ID, name)
		}
	}
}

func (l *loader) described(id string, c *syntax.Comments) {
	if words, pos, ok := c.Documentation(); ok {
		l.queue(id, application{trait: prelude + "documentation", value: text(words, pos), pos: pos})
	}
}

func (l *loader) member(d declared, m *syntax.Member) {
	s := &Shape{ID: d.shape.ID + "$" + m.Name, Type: "member", Pos: m.Pos, Container: d.shape, v1: d.scope.v1}
	for _, t := range m.Traits {
		l.apply(s.ID, t, d.scope)
	}
	l.described(s.ID, &m.Comments)
	switch {
	case m.Target != nil:
		s.Target = l.resolve(m.Target.Text, d.scope)
	case !m.Elided:
		s.Target = prelude + "Unit"
		if m.Value == nil && d.shape.Type == "enum" {
			l.queue(s.ID, application{trait: prelude + "enumValue", value: text(m.Name, m.Pos), pos: m.Pos})
		}
	}
	if m.Value != nil {
		trait := "default"
		if d.shape.Type == "enum" || d.shape.Type == "intEnum" {
			trait = "enumValue"
		}
		l.queue(s.ID, application{trait: prelude + trait, value: m.Value, pos: m.Value.Pos, scope: d.scope})
	}
	d.shape.Members = append(d.shape.Members, s)
}

var lifecycle = []string{"create", "put", "read", "update", "delete", "list"}

// properties reads those of services, resources and operations.
func (l *loader) properties(d declared) {
	s := d.shape
	if s.Type == "operation" {
		s.Input, s.Output = prelude+"Unit", prelude+"Unit"
	}
	if !slices.Contains([]string{"service", "resource", "operation"}, s.Type) {
		return
	}
	s.propPos = map[string]syntax.Pos{}
	for _, p := range d.syntax.Props {
		key := p.Key.Text
		if p.Inline != nil {
			suffixed := l.inline[p.Inline.Pos]
			if key == "input" {
				s.Input = suffixed
			} else {
				s.Output = suffixed
			}
			continue
		}
		s.propPos[key] = p.Value.Pos
		l.property(s, key, p.Key.Pos, p.Value, d.scope)
	}
}

func (l *loader) property(s *Shape, key string, pos syntax.Pos, v *syntax.Node, sc *scope) {
	one := func(target *string) {
		if !v.IsString() {
			l.errorf(s.ID, v.Pos, "want a shape for `%s`, found %s", key, v.Kind)
			return
		}
		*target = l.resolve(v.Text, sc)
	}
	switch s.Type + " " + key {
	case "operation input":
		one(&s.Input)
	case "operation output":
		one(&s.Output)
	case "service version":
		if v.Kind != syntax.String {
			l.errorf("", v.Pos, "want a string for `version`, found %s", v.Kind)
			return
		}
		s.Version = v.Text
	case "service operations", "resource operations":
		s.Operations = l.ids(s, key, v, sc)
	case "service resources", "resource resources":
		s.Resources = l.ids(s, key, v, sc)
	case "service errors", "operation errors":
		s.Errors = l.ids(s, key, v, sc)
	case "resource collectionOperations":
		s.CollectionOperations = l.ids(s, key, v, sc)
	case "service rename":
		s.Rename = map[string]string{}
		for _, n := range l.named(s, key, v, sc) {
			s.Rename[l.resolve(n.Name, sc)] = n.Target
		}
	case "resource identifiers":
		s.Identifiers = l.named(s, key, v, sc)
	case "resource properties":
		s.Properties = l.named(s, key, v, sc)
	default:
		if s.Type == "resource" && slices.Contains(lifecycle, key) {
			var id string
			if one(&id); id != "" {
				if s.Lifecycle == nil {
					s.Lifecycle = map[string]string{}
				}
				s.Lifecycle[key] = id
			}
			return
		}
		l.report(Warning, "Model", s.ID, s.Pos, "a %s has no property `%s`", s.Type, key)
	}
}

func (l *loader) ids(s *Shape, key string, v *syntax.Node, sc *scope) []string {
	if v.Kind != syntax.Array {
		l.errorf(s.ID, v.Pos, "want a list of shapes for `%s`, found %s", key, v.Kind)
		return nil
	}
	var list []string
	for _, item := range v.Items {
		if !item.IsString() {
			l.errorf(s.ID, item.Pos, "want a shape in `%s`, found %s", key, item.Kind)
			continue
		}
		id := l.resolve(item.Text, sc)
		if item.Kind == syntax.ShapeID && s.Type != "operation" && l.m.shapes[id] == nil {
			l.report(Danger, "SyntacticShapeIdTarget", "", item.Pos, "`%s` is not a shape", id)
		}
		list = append(list, id)
	}
	return list
}

func (l *loader) named(s *Shape, key string, v *syntax.Node, sc *scope) []Named {
	if v.Kind != syntax.Object {
		l.errorf(s.ID, v.Pos, "want an object for `%s`, found %s", key, v.Kind)
		return nil
	}
	var list []Named
	for _, f := range v.Fields {
		if !f.Value.IsString() {
			l.errorf(s.ID, f.Value.Pos, "want a name for `%s` in `%s`, found %s", f.Key, key, f.Value.Kind)
			continue
		}
		target := f.Value.Text
		if key != "rename" {
			target = l.resolve(target, sc)
		}
		list = append(list, Named{f.Key, target})
	}
	return list
}
