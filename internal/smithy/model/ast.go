package model

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
)

// AST gives a model without the prelude as the JSON AST of version 2.0
// (https://smithy.io/2.0/spec/json-ast.html), in smithy-cli's order and layout.
func (m *Model) AST() []byte {
	root := object(syntax.Pos{})
	put(root, "smithy", text("2.0", syntax.Pos{}))
	if len(m.Metadata) > 0 {
		meta := object(syntax.Pos{})
		for _, key := range slices.Sorted(maps.Keys(m.Metadata)) {
			put(meta, key, sorted(m.Metadata[key]))
		}
		put(root, "metadata", meta)
	}
	shapes := object(syntax.Pos{})
	entries := map[string]*syntax.Node{}
	for _, s := range m.Shapes(false) {
		entries[s.ID] = shapeNode(s)
		for _, member := range s.Members {
			if own := ownTraits(member); member.inherited && len(own.Fields) > 0 {
				apply := object(member.Pos)
				put(apply, "type", text("apply", member.Pos))
				put(apply, "traits", own)
				entries[member.ID] = apply
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(entries)) {
		put(shapes, id, entries[id])
	}
	put(root, "shapes", shapes)
	var b strings.Builder
	writeJSON(&b, root, 0)
	b.WriteByte('\n')
	return []byte(b.String())
}

func put(n *syntax.Node, key string, v *syntax.Node) {
	n.Fields = append(n.Fields, &syntax.Field{Key: key, Value: v})
}

// sorted orders the keys of objects, as smithy-cli does in metadata.
func sorted(n *syntax.Node) *syntax.Node {
	c := *n
	c.Items, c.Fields = nil, slices.Clone(n.Fields)
	for _, item := range n.Items {
		c.Items = append(c.Items, sorted(item))
	}
	slices.SortFunc(c.Fields, func(a, b *syntax.Field) int { return strings.Compare(a.Key, b.Key) })
	for i, f := range c.Fields {
		c.Fields[i] = &syntax.Field{Key: f.Key, Value: sorted(f.Value)}
	}
	return &c
}

func ownTraits(s *Shape) *syntax.Node {
	n := object(s.Pos)
	for _, id := range slices.Sorted(maps.Keys(s.Traits)) {
		if t := s.Traits[id]; !t.inherited {
			put(n, id, t.Value)
		}
	}
	return n
}

func target(id string) *syntax.Node {
	n := object(syntax.Pos{})
	put(n, "target", text(id, syntax.Pos{}))
	return n
}

func targets(ids []string) *syntax.Node {
	n := &syntax.Node{Kind: syntax.Array}
	for _, id := range ids {
		n.Items = append(n.Items, target(id))
	}
	return n
}

func memberNode(s *Shape) *syntax.Node {
	n := target(s.Target)
	if own := ownTraits(s); len(own.Fields) > 0 {
		put(n, "traits", own)
	}
	return n
}

func shapeNode(s *Shape) *syntax.Node {
	n := object(s.Pos)
	put(n, "type", text(s.Type, s.Pos))
	if len(s.Mixins) > 0 {
		put(n, "mixins", targets(s.Mixins))
	}
	switch s.Type {
	case "list", "map":
		for _, m := range s.Members {
			if !m.inherited {
				put(n, MemberName(m.ID), memberNode(m))
			}
		}
	case "structure", "union", "enum", "intEnum":
		members := object(s.Pos)
		for _, m := range s.Members {
			if !m.inherited {
				put(members, MemberName(m.ID), memberNode(m))
			}
		}
		put(n, "members", members)
	case "service":
		serviceNode(n, s)
	case "resource":
		resourceNode(n, s)
	case "operation":
		put(n, "input", target(s.Input))
		put(n, "output", target(s.Output))
		putTargets(n, "errors", s.introduced(s.Errors))
	}
	if own := ownTraits(s); len(own.Fields) > 0 {
		put(n, "traits", own)
	}
	return n
}

// putTargets writes a set of shapes, in order as smithy-cli does.
func putTargets(n *syntax.Node, key string, ids []string) {
	if len(ids) > 0 {
		put(n, key, targets(slices.Sorted(slices.Values(ids))))
	}
}

// introduced leaves out what mixins brought.
func (s *Shape) introduced(ids []string) []string {
	var own []string
	for _, id := range ids {
		if !slices.Contains(s.mixed, id) {
			own = append(own, id)
		}
	}
	return own
}

func serviceNode(n *syntax.Node, s *Shape) {
	if s.Version != "" {
		put(n, "version", text(s.Version, s.Pos))
	}
	putTargets(n, "operations", s.introduced(s.Operations))
	putTargets(n, "resources", s.introduced(s.Resources))
	putTargets(n, "errors", s.introduced(s.Errors))
	if len(s.Rename) > 0 {
		rename := object(s.Pos)
		for _, id := range slices.Sorted(maps.Keys(s.Rename)) {
			put(rename, id, text(s.Rename[id], s.Pos))
		}
		put(n, "rename", rename)
	}
}

func resourceNode(n *syntax.Node, s *Shape) {
	putNamed(n, "identifiers", s.Identifiers)
	putNamed(n, "properties", s.Properties)
	for _, key := range lifecycle {
		if id := s.Lifecycle[key]; id != "" {
			put(n, key, target(id))
		}
	}
	putTargets(n, "operations", s.introduced(s.Operations))
	putTargets(n, "collectionOperations", s.CollectionOperations)
	putTargets(n, "resources", s.introduced(s.Resources))
}

func putNamed(n *syntax.Node, key string, list []Named) {
	if len(list) == 0 {
		return
	}
	all := object(syntax.Pos{})
	for _, e := range list {
		put(all, e.Name, target(e.Target))
	}
	put(n, key, all)
}

// writeJSON prints a value as smithy-cli does: four spaces a level, empty lists
// and objects closed at once.
func writeJSON(b *strings.Builder, n *syntax.Node, depth int) {
	line := func(d int) { b.WriteString("\n" + strings.Repeat("    ", d)) }
	switch {
	case n.Kind == syntax.Array && len(n.Items) == 0:
		b.WriteString("[]")
	case n.Kind == syntax.Object && len(n.Fields) == 0:
		b.WriteString("{}")
	case n.Kind == syntax.Array:
		for i, item := range n.Items {
			b.WriteString([]string{"[", ","}[min(i, 1)])
			line(depth + 1)
			writeJSON(b, item, depth+1)
		}
		line(depth)
		b.WriteByte(']')
	case n.Kind == syntax.Object:
		for i, f := range n.Fields {
			b.WriteString([]string{"{", ","}[min(i, 1)])
			line(depth + 1)
			b.WriteString(quoteJSON(f.Key) + ": ")
			writeJSON(b, f.Value, depth+1)
		}
		line(depth)
		b.WriteByte('}')
	case n.IsString():
		b.WriteString(quoteJSON(n.Text))
	case n.Kind == syntax.Number && strings.ContainsAny(n.Text, ".eE"):
		b.WriteString(float(n.Text))
	default:
		b.WriteString(n.Text)
	}
}

// float writes a number with a fraction or an exponent as Java does.
func float(text string) string {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f == 0 {
		return text
	}
	if abs := math.Abs(f); abs >= 1e-3 && abs < 1e7 {
		s := strconv.FormatFloat(f, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	n, _ := strconv.Atoi(exponent)
	return mantissa + "E" + strconv.Itoa(n)
}

func quoteJSON(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case strings.ContainsRune("\b\f\n\r\t", r):
			b.WriteByte('\\')
			b.WriteByte("btn fr"[r-'\b'])
		case r < ' ':
			b.WriteString(`\u` + strconv.FormatInt(0x10000+int64(r), 16)[1:])
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
