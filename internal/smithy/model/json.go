package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
)

// json reads a JSON AST.
func (l *loader) json(src Source) {
	root, err := parseJSON(src)
	if err != nil {
		var e *syntax.Error
		if errors.As(err, &e) {
			l.errorf("", e.Pos, "%s", e.Msg)
		}
		return
	}
	version := root.Get("smithy")
	if !version.IsString() || !slices.Contains([]string{"1", "1.0", "2", "2.0"}, version.Text) {
		l.errorf("", root.Pos, `not a Smithy model: want an object with "smithy": "1.0" or "2.0"`)
		return
	}
	for _, f := range fields(root.Get("metadata")) {
		l.late = append(l.late, func() { l.addMetadata(f.Key, f.Value, f.Value.Pos) })
	}
	for _, f := range fields(root.Get("shapes")) {
		if ns, name, ok := strings.Cut(f.Key, "#"); !ok || ns == "" || name == "" {
			l.errorf("", f.KeyPos, "`%s` is not a shape id", f.Key)
			continue
		}
		l.jsonShape(f, strings.HasPrefix(version.Text, "1"))
	}
}

func fields(n *syntax.Node) []*syntax.Field {
	if n == nil {
		return nil
	}
	return n.Fields
}

func (l *loader) jsonShape(f *syntax.Field, v1 bool) {
	kind := f.Value.Get("type")
	if !kind.IsString() {
		l.errorf(f.Key, f.KeyPos, "the shape `%s` has no type", f.Key)
		return
	}
	l.jsonTraits(f.Key, f.Value)
	if kind.Text == "apply" {
		return
	}
	s := &Shape{ID: f.Key, Type: kind.Text, Pos: f.Value.Pos, v1: v1, propPos: map[string]syntax.Pos{}}
	if kind.Text == "set" {
		s.Type = "list"
		l.queue(s.ID, application{trait: prelude + "uniqueItems", value: object(s.Pos), pos: s.Pos})
	}
	if !syntax.IsShapeType(kind.Text) {
		l.errorf(f.Key, kind.Pos, "unknown kind of shape `%s`", kind.Text)
		return
	}
	if !l.declare(declared{shape: s}) {
		return
	}
	if s.Type == "operation" {
		s.Input, s.Output = prelude+"Unit", prelude+"Unit"
	}
	for _, p := range f.Value.Fields {
		switch p.Key {
		case "type", "traits":
		case "members":
			for _, m := range p.Value.Fields {
				l.jsonMember(s, m)
			}
		case "member", "key", "value":
			l.jsonMember(s, p)
		case "mixins":
			s.Mixins = l.ids(s, p.Key, plain(p.Value), nil)
		default:
			s.propPos[p.Key] = p.Value.Pos
			l.property(s, p.Key, p.KeyPos, plain(p.Value), nil)
		}
	}
}

func (l *loader) jsonMember(s *Shape, f *syntax.Field) {
	m := &Shape{ID: s.ID + "$" + f.Key, Type: "member", Pos: f.Value.Pos, Container: s, v1: s.v1}
	if to := f.Value.Get("target"); to.IsString() {
		m.Target = to.Text
	} else {
		l.errorf(m.ID, m.Pos, "the member `%s` has no target", m.ID)
	}
	s.Members = append(s.Members, m)
	l.jsonTraits(m.ID, f.Value)
}

func (l *loader) jsonTraits(id string, shape *syntax.Node) {
	for _, t := range fields(shape.Get("traits")) {
		l.queue(id, application{trait: t.Key, value: t.Value, pos: t.Value.Pos})
	}
}

// plain makes {"target": "x"} what the IDL writes: x.
func plain(n *syntax.Node) *syntax.Node {
	if to := n.Get("target"); to.IsString() && len(n.Fields) == 1 {
		return to
	}
	c := *n
	c.Items, c.Fields = nil, nil
	for _, item := range n.Items {
		c.Items = append(c.Items, plain(item))
	}
	for _, f := range n.Fields {
		c.Fields = append(c.Fields, &syntax.Field{KeyPos: f.KeyPos, Key: f.Key, Value: plain(f.Value)})
	}
	return &c
}

// reader turns JSON into nodes with places.
type reader struct {
	src    Source
	dec    *json.Decoder
	pos    syntax.Pos // of what was read so far
	within int
}

const maxJSONDepth = 128

func parseJSON(src Source) (*syntax.Node, error) {
	r := &reader{src: src, dec: json.NewDecoder(bytes.NewReader(src.Data)), pos: syntax.Pos{File: src.Name, Line: 1, Column: 1}}
	r.dec.UseNumber()
	n, err := r.value()
	if err != nil {
		return nil, r.fault(err)
	}
	if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, r.fault(errors.New("text after the model"))
	}
	return n, nil
}

func (r *reader) fault(err error) error {
	r.move(r.dec.InputOffset())
	return &syntax.Error{Pos: r.pos, Msg: "invalid JSON: " + err.Error()}
}

// move goes to an offset, never back.
func (r *reader) move(offset int64) {
	for r.pos.Offset < int(offset) && r.pos.Offset < len(r.src.Data) {
		if r.src.Data[r.pos.Offset] == '\n' {
			r.pos.Line++
			r.pos.Column = 0
		}
		r.pos.Offset++
		r.pos.Column++
	}
}

func (r *reader) token() (json.Token, syntax.Pos, error) {
	start := r.dec.InputOffset()
	for start < int64(len(r.src.Data)) && bytes.IndexByte([]byte(" \t\r\n,:"), r.src.Data[start]) >= 0 {
		start++
	}
	t, err := r.dec.Token()
	r.move(start)
	return t, r.pos, err
}

func (r *reader) value() (*syntax.Node, error) {
	t, pos, err := r.token()
	if err != nil {
		return nil, err
	}
	n := &syntax.Node{Pos: pos}
	switch t := t.(type) {
	case nil:
		n.Kind, n.Text = syntax.Null, "null"
	case bool:
		n.Kind, n.Text = syntax.Bool, fmt.Sprint(t)
	case json.Number:
		n.Kind, n.Text = syntax.Number, t.String()
	case string:
		n.Kind, n.Text = syntax.String, t
	case json.Delim:
		if r.within++; r.within > maxJSONDepth {
			return nil, fmt.Errorf("values are nested more than %d deep", maxJSONDepth)
		}
		n.Kind = syntax.Array
		if t == '{' {
			n.Kind = syntax.Object
		}
		err = r.inside(n)
		r.within--
	}
	return n, err
}

func (r *reader) inside(n *syntax.Node) error {
	seen := map[string]bool{}
	for r.dec.More() {
		if n.Kind == syntax.Array {
			item, err := r.value()
			if err != nil {
				return err
			}
			n.Items = append(n.Items, item)
			continue
		}
		key, pos, err := r.token()
		if err != nil {
			return err
		}
		v, err := r.value()
		if err != nil {
			return err
		}
		name, _ := key.(string)
		if seen[name] {
			return fmt.Errorf("the key %q comes twice", name)
		}
		seen[name] = true
		n.Fields = append(n.Fields, &syntax.Field{KeyPos: pos, Key: name, Value: v})
	}
	_, _, err := r.token()
	return err
}
