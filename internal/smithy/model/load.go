package model

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
)

//go:embed prelude.smithy
var preludeText []byte

// Source is a model file: IDL, or the JSON AST if its name ends in .json.
type Source struct {
	Name string
	Data []byte
}

// Load puts files together. The events tell what is wrong with them; as long as
// none is an Error, the model is whole and every name in it stands for a shape
// or is reported by Validate.
func Load(sources []Source) (*Model, []Event) {
	l := &loader{m: &Model{Metadata: map[string]*syntax.Node{}, shapes: map[string]*Shape{}},
		applied: map[string][]application{}, inline: map[syntax.Pos]string{}}
	l.idl(Source{"prelude.smithy", preludeText})
	for _, s := range sources {
		if strings.HasSuffix(s.Name, ".json") {
			l.json(s)
		} else {
			l.idl(s)
		}
	}
	l.names()
	l.assemble()
	l.upgrade()
	return l.m, l.events
}

// scope is what names of one file are looked up in.
type scope struct {
	ns   string
	uses map[string]string
	v1   bool
}

// declared is a shape before its names are resolved.
type declared struct {
	shape  *Shape
	syntax *syntax.Shape // nil for one from a JSON AST
	scope  *scope
}

// application is a trait on its way to a shape.
type application struct {
	trait string
	value *syntax.Node
	pos   syntax.Pos
	scope *scope // nil: names are resolved
}

type loader struct {
	m        *Model
	events   []Event
	declared []declared
	applied  map[string][]application // by shape or member
	order    []string                 // keys of applied, in the order of the files
	late     []func()                 // what needs all names to be known
	inline   map[syntax.Pos]string    // ids of structures in line
	isTrait  map[string]bool          // shapes that define traits
	done     map[string]int           // shapes being (1) and having been (2) put together
}

func (l *loader) report(severity Severity, id, shape string, pos syntax.Pos, format string, args ...any) {
	l.events = append(l.events, Event{Severity: severity, ID: id, Shape: shape, Pos: pos, Message: fmt.Sprintf(format, args...)})
}

func (l *loader) errorf(shape string, pos syntax.Pos, format string, args ...any) {
	l.report(Error, "Model", shape, pos, format, args...)
}

func (l *loader) idl(src Source) {
	f, err := syntax.Parse(src.Name, src.Data)
	var list syntax.ErrorList
	if errors.As(err, &list) {
		for _, e := range list {
			l.errorf("", e.Pos, "%s", e.Msg)
		}
	}
	s := &scope{uses: map[string]string{}, v1: !strings.HasPrefix(f.Version(), "2")}
	if f.Namespace != nil {
		s.ns = f.Namespace.Text
	}
	for _, c := range f.Control {
		if !slices.Contains([]string{"version", "operationInputSuffix", "operationOutputSuffix"}, c.Key.Text) {
			l.report(Warning, "Model", "", c.Value.Pos, "unknown control statement `%s`", c.Key.Text)
		}
	}
	l.metadata(f, s)
	for _, u := range f.Uses {
		l.use(u, s)
	}
	suffix := func(key, otherwise string) string {
		for _, c := range f.Control {
			if c.Key.Text == key {
				return c.Value.Text
			}
		}
		return otherwise
	}
	in, out := suffix("operationInputSuffix", "Input"), suffix("operationOutputSuffix", "Output")
	for _, statement := range f.Statements {
		switch st := statement.(type) {
		case *syntax.Shape:
			l.shape(st, s, in, out)
		case *syntax.Apply:
			l.late = append(l.late, func() {
				target := l.resolve(st.Target.Text, s)
				for _, t := range st.Traits {
					l.apply(target, t, s)
				}
			})
		}
	}
}

func (l *loader) use(u *syntax.Use, s *scope) {
	name := Name(u.Target.Text)
	if other, twice := s.uses[name]; twice {
		l.errorf("", u.Target.Pos, "`use %s` clashes with `use %s`: both are called %s", u.Target.Text, other, name)
		return
	}
	s.uses[name] = u.Target.Text
	l.late = append(l.late, func() {
		if l.m.shapes[u.Target.Text] == nil {
			l.report(Warning, "Model", "", u.Target.Pos, "use of the undefined shape `%s`", u.Target.Text)
		}
		if l.m.shapes[s.ns+"#"+name] != nil && s.ns+"#"+name != u.Target.Text {
			l.errorf("", l.m.shapes[s.ns+"#"+name].Pos, "the name of `%s#%s` clashes with `use %s`", s.ns, name, u.Target.Text)
		}
	})
}

func (l *loader) metadata(f *syntax.File, s *scope) {
	for _, entry := range f.Metadata {
		l.late = append(l.late, func() {
			l.addMetadata(entry.Key.Text, l.node(entry.Value, s, ""), entry.Value.Pos)
		})
	}
}

// addMetadata merges: lists of several files are joined, equal values are one.
func (l *loader) addMetadata(key string, value *syntax.Node, pos syntax.Pos) {
	old := l.m.Metadata[key]
	switch {
	case old == nil:
		l.m.Metadata[key] = value
	case old.Kind == syntax.Array && value.Kind == syntax.Array:
		joined := *old
		joined.Items = slices.Concat(old.Items, value.Items)
		l.m.Metadata[key] = &joined
	case !Equal(old, value):
		l.errorf("", pos, "metadata `%s` has another value at %s", key, old.Pos)
	}
}

// resolve gives the whole id of a name as a file writes it.
func (l *loader) resolve(name string, s *scope) string {
	if strings.Contains(name, "#") || s == nil {
		return name
	}
	root, member, isMember := strings.Cut(name, "$")
	id := s.ns + "#" + root
	if used, ok := s.uses[root]; ok {
		id = used
	} else if l.m.shapes[id] == nil {
		if p := l.m.shapes[prelude+root]; p != nil && (p.Traits == nil || !p.Has("private")) {
			id = prelude + root
		}
	}
	if isMember {
		id += "$" + member
	}
	return id
}

// node copies a value with the names in it resolved.
func (l *loader) node(n *syntax.Node, s *scope, shape string) *syntax.Node {
	c := *n
	c.Comments, c.Dangling = syntax.Comments{}, nil
	switch n.Kind {
	case syntax.ShapeID:
		c.Kind, c.Text = syntax.String, l.resolve(n.Text, s)
		if s != nil && l.m.Shape(c.Text) == nil && !strings.Contains(n.Text, "#") {
			l.report(Danger, "SyntacticShapeIdTarget", "", n.Pos,
				"`%s` is not a shape: define it, or quote it if it is only text", c.Text)
		}
	case syntax.Array:
		c.Items = make([]*syntax.Node, len(n.Items))
		for i, item := range n.Items {
			c.Items[i] = l.node(item, s, shape)
		}
	case syntax.Object:
		c.Fields = make([]*syntax.Field, len(n.Fields))
		for i, f := range n.Fields {
			c.Fields[i] = &syntax.Field{KeyPos: f.KeyPos, Key: f.Key, Value: l.node(f.Value, s, shape)}
		}
	}
	return &c
}

func (l *loader) declare(d declared) bool {
	if old := l.m.shapes[d.shape.ID]; old != nil {
		if old.Pos.File != d.shape.Pos.File || old.Pos.Line != d.shape.Pos.Line {
			l.errorf(d.shape.ID, old.Pos, "`%s` is defined again at %s", d.shape.ID, d.shape.Pos)
		}
		return false
	}
	l.m.shapes[d.shape.ID] = d.shape
	l.declared = append(l.declared, d)
	return true
}

func (l *loader) apply(target string, t *syntax.Trait, s *scope) {
	l.queue(target, application{trait: t.ID.Text, value: t.Value, pos: t.Pos, scope: s})
}

func (l *loader) queue(target string, a application) {
	if _, known := l.applied[target]; !known {
		l.order = append(l.order, target)
	}
	l.applied[target] = append(l.applied[target], a)
}

// names resolves all names, which needs all shapes to be declared.
func (l *loader) names() {
	for _, d := range l.declared {
		if d.syntax != nil {
			l.define(d)
		}
	}
	for _, do := range l.late {
		do()
	}
}

// Equal compares values; the order of an object's keys does not count.
func Equal(a, b *syntax.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Kind != b.Kind && !(a.IsString() && b.IsString()) || len(a.Items) != len(b.Items) || len(a.Fields) != len(b.Fields) {
		return false
	}
	for i := range a.Items {
		if !Equal(a.Items[i], b.Items[i]) {
			return false
		}
	}
	for _, f := range a.Fields {
		if other := b.Get(f.Key); other == nil || !Equal(f.Value, other) {
			return false
		}
	}
	return a.Text == b.Text || a.Kind == syntax.Array || a.Kind == syntax.Object
}
