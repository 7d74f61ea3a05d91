package model

import (
	"maps"
	"slices"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
)

// assemble applies traits and flattens mixins, each shape after its mixins.
func (l *loader) assemble() {
	l.done, l.isTrait = map[string]int{}, map[string]bool{}
	for target, waiting := range l.applied {
		l.isTrait[target] = slices.ContainsFunc(waiting, func(a application) bool { return l.resolve(a.trait, a.scope) == prelude+"trait" })
	}
	for _, s := range l.m.Shapes(true) {
		l.visit(s)
	}
	for _, target := range l.order { // what found no shape
		for _, a := range l.applied[target] {
			l.errorf("", a.pos, "`%s` gets a trait but is not defined", target)
		}
	}
}

func (l *loader) visit(s *Shape) {
	if l.done[s.ID] > 0 {
		return
	}
	l.done[s.ID] = 1
	for _, id := range s.Mixins {
		mixin := l.m.shapes[id]
		switch {
		case mixin == nil:
			l.errorf(s.ID, s.Pos, "the mixin `%s` of `%s` is not defined", id, s.ID)
			continue
		case l.done[id] == 1:
			for _, round := range []*Shape{s, mixin} {
				l.errorf(round.ID, round.Pos, "`%s` is a mixin of itself", round.ID)
			}
			continue
		}
		l.visit(mixin)
		if mixin.Type != s.Type {
			l.errorf(s.ID, s.Pos, "the mixin `%s` is a %s: want a %s", id, mixin.Type, s.Type)
			continue
		}
		if !mixin.Has("mixin") {
			continue // said by Target
		}
		l.mix(s, mixin)
	}
	if (s.Type == "enum" || s.Type == "intEnum") && len(s.Members) == 0 {
		l.errorf(s.ID, s.Pos, "the %s `%s` has no member", s.Type, s.ID)
	}
	l.elided(s)
	l.traits(s)
	for _, m := range s.Members {
		l.traits(m)
	}
	l.done[s.ID] = 2
}

// mix gives s what a mixin brings: its members before those of s, its traits
// where s has none of the kind.
func (l *loader) mix(s, mixin *Shape) {
	local := mixin.Trait("mixin").Value.Get("localTraits")
	hidden := map[string]bool{prelude + "mixin": true}
	if local != nil {
		for _, id := range local.Items {
			hidden[id.Text] = true
		}
	}
	inherit(s, mixin, hidden)
	at := 0
	for at < len(s.Members) && s.Members[at].inherited {
		at++
	}
	for _, m := range mixin.Members {
		name := MemberName(m.ID)
		own := s.Member(name)
		switch {
		case own == nil:
			own = &Shape{ID: s.ID + "$" + name, Type: "member", Pos: m.Pos, Container: s, Target: m.Target, v1: m.v1}
		case own.Target != "" && own.Target != m.Target:
			l.errorf(own.ID, own.Pos, "the member `%s` has another type in the mixin `%s`: %s", own.ID, mixin.ID, m.Target)
			continue
		}
		// A member told anew only gets traits; its place is the mixin's.
		if !own.inherited {
			own.Target, own.inherited = m.Target, true
			s.Members = slices.DeleteFunc(s.Members, func(other *Shape) bool { return other == own })
			s.Members = slices.Insert(s.Members, at, own)
			at++
		}
		inherit(own, m, nil)
	}
	for _, list := range []struct{ own, mixed *[]string }{{&s.Operations, &mixin.Operations}, {&s.Resources, &mixin.Resources}, {&s.Errors, &mixin.Errors}} {
		s.mixed = append(s.mixed, *list.mixed...)
		*list.own = union(*list.mixed, *list.own)
	}
	if s.Version == "" {
		s.Version = mixin.Version
	}
}

func union(first, second []string) []string {
	all := slices.Clone(first)
	for _, id := range second {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}

// inherit copies traits; those of a later mixin win over those of an earlier.
func inherit(to, from *Shape, hidden map[string]bool) {
	for id, t := range from.Traits {
		if hidden[id] {
			continue
		}
		if to.Traits == nil {
			to.Traits = map[string]*Trait{}
		}
		c := *t
		c.inherited = true
		to.Traits[id] = &c
	}
}

// elided finds the types of members written as $name.
func (l *loader) elided(s *Shape) {
	resource := l.m.shapes[s.For]
	for _, m := range s.Members {
		if m.Target != "" {
			continue
		}
		if resource != nil && resource.Type != "resource" {
			l.errorf(m.ID, m.Pos, "`%s` is for `%s`, which is not a resource", s.ID, s.For)
		} else if resource != nil {
			for _, n := range slices.Concat(resource.Identifiers, resource.Properties) {
				if n.Name == MemberName(m.ID) {
					m.Target = n.Target
				}
			}
		}
		if m.Target == "" {
			l.errorf(m.ID, m.Pos, "neither a mixin nor a resource gives the type of `%s`", m.ID)
		}
	}
}

// traits applies what is waiting for a shape.
func (l *loader) traits(s *Shape) {
	waiting := l.applied[s.ID]
	delete(l.applied, s.ID)
	for _, a := range waiting {
		id := l.resolve(a.trait, a.scope)
		def := l.m.shapes[id]
		if def == nil || !l.isTrait[id] {
			l.report(Error, "Model.UnresolvedTrait", s.ID, a.pos,
				"the trait `%s` is not defined: add the model that defines it, or import it by `use`", id)
			continue
		}
		value := l.value(def, a, s)
		old := s.Traits[id]
		switch {
		case old == nil || old.inherited:
			if s.Traits == nil {
				s.Traits = map[string]*Trait{}
			}
			s.Traits[id] = &Trait{ID: id, Value: value, Pos: a.pos}
		case old.Value.Kind == syntax.Array && value.Kind == syntax.Array:
			joined := *old.Value
			joined.Items = slices.Concat(joined.Items, value.Items)
			old.Value = &joined
		case !Equal(old.Value, value):
			l.errorf(s.ID, a.pos, "the trait `%s` of `%s` has another value at %s", id, s.ID, old.Pos)
		}
	}
}

// value gives a trait's value; an annotation's is empty, of the trait's kind.
func (l *loader) value(def *Shape, a application, s *Shape) *syntax.Node {
	if a.value != nil && (a.value.Kind != syntax.Null || def.ID == prelude+"default") {
		v := l.node(a.value, a.scope, s.ID)
		v.Pos = a.pos // as smithy-cli has it; what lies within keeps its place
		return v
	}
	n := &syntax.Node{Kind: syntax.Null, Text: "null", Pos: a.pos}
	switch def.Type {
	case "structure", "map", "union":
		n.Kind = syntax.Object
	case "list":
		n.Kind = syntax.Array
	}
	return n
}

// upgrade makes plain what version 1.0 left unsaid: numbers and truth values
// that are not boxed have defaults.
func (l *loader) upgrade() {
	// In version 2.0 a type has the default that it states.
	boxed := func(s *Shape) bool { return s.Has("box") || !s.v1 && !s.Has("default") }
	var unbox []*Shape
	for _, id := range slices.Sorted(maps.Keys(l.m.shapes)) {
		s := l.m.shapes[id]
		if s.v1 && defaultOf(s.Type) != nil {
			if !boxed(s) && !s.Has("default") {
				s.addDefault(defaultOf(s.Type))
			}
			if s.Has("box") {
				unbox = append(unbox, s)
			}
		}
		for _, m := range s.Members {
			if !m.v1 {
				if m.Has("box") {
					l.errorf(m.ID, m.Trait("box").Pos, "@box is for version 1.0: members are boxed unless they have a default")
				}
				continue
			}
			target := l.m.shapes[m.Target]
			if m.Has("box") {
				unbox = append(unbox, m)
			}
			if target == nil || s.Type != "structure" || m.Has("default") || defaultOf(target.Type) == nil {
				continue
			}
			if !m.Has("box") && !boxed(target) {
				m.addDefault(defaultOf(target.Type))
			} else if m.Has("box") && !boxed(target) {
				m.addDefault(&syntax.Node{Kind: syntax.Null, Text: "null"})
			}
		}
	}
	for _, s := range unbox {
		delete(s.Traits, prelude+"box")
	}
}

func (s *Shape) addDefault(v *syntax.Node) {
	v.Pos = s.Pos
	if s.Traits == nil {
		s.Traits = map[string]*Trait{}
	}
	s.Traits[prelude+"default"] = &Trait{ID: prelude + "default", Value: v, Pos: s.Pos}
}

// defaultOf is the default of version 1.0 for a kind of shape, nil if none.
func defaultOf(kind string) *syntax.Node {
	switch kind {
	case "boolean":
		return &syntax.Node{Kind: syntax.Bool, Text: "false"}
	case "byte", "short", "integer", "long", "float", "double":
		return &syntax.Node{Kind: syntax.Number, Text: "0"}
	}
	return nil
}
