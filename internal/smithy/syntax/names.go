package syntax

import "strings"

// Names gives the names that a file refers to without a namespace: as types,
// traits, mixins, targets of apply, and in values.
func Names(f *File) map[string]bool {
	names := map[string]bool{}
	add := func(text string) {
		if !strings.Contains(text, "#") {
			name, _, _ := strings.Cut(text, "$")
			names[name] = true
		}
	}
	for _, s := range f.Metadata {
		nodeNames(s.Value, add)
	}
	for _, statement := range f.Statements {
		switch s := statement.(type) {
		case *Apply:
			add(s.Target.Text)
			traitNames(s.Traits, add)
		case *Shape:
			shapeNames(s, add)
		}
	}
	return names
}

func shapeNames(s *Shape, add func(string)) {
	traitNames(s.Traits, add)
	for _, m := range s.Mixins {
		add(m.Text)
	}
	if s.For != nil {
		add(s.For.Text)
	}
	for _, m := range s.Members {
		traitNames(m.Traits, add)
		if m.Target != nil {
			add(m.Target.Text)
		}
		nodeNames(m.Value, add)
	}
	for _, p := range s.Props {
		nodeNames(p.Value, add)
		if p.Inline != nil {
			shapeNames(p.Inline, add)
		}
	}
}

func traitNames(list []*Trait, add func(string)) {
	for _, t := range list {
		add(t.ID.Text)
		nodeNames(t.Value, add)
	}
}

// nodeNames takes strings for names as well: a service may quote them.
func nodeNames(n *Node, add func(string)) {
	if n == nil {
		return
	}
	if n.IsString() {
		add(n.Text)
	}
	for _, item := range n.Items {
		nodeNames(item, add)
	}
	for _, f := range n.Fields {
		add(f.Key)
		nodeNames(f.Value, add)
	}
}
