package model

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
)

// attribute reads `[path]` or `[path comparator values]`; the bracket is open.
func (p *selectorParser) attribute() (step, error) {
	if p.peek() == '@' {
		return nil, fmt.Errorf("scoped attributes: %w", ErrSelectorFeature)
	}
	var path []string
	for {
		if p.take("(") {
			path = append(path, "("+p.word()+")")
			if !p.take(")") {
				return nil, fmt.Errorf("no ) at offset %d", p.at)
			}
		} else if p.peek() == '\'' || p.peek() == '"' {
			path = append(path, p.quoted())
		} else {
			path = append(path, p.word())
		}
		if path[len(path)-1] == "" {
			return nil, fmt.Errorf("no attribute at offset %d", p.at)
		}
		if !p.take("|") {
			break
		}
	}
	if p.take("]") {
		return filter(func(m *Model, s *Shape) bool { return len(attribute(s, path)) > 0 }), nil
	}
	comparator := ""
	for _, c := range []string{"!=", "^=", "$=", "*=", "?=", ">=", "<=", "=", ">", "<"} {
		if p.take(c) {
			comparator = c
			break
		}
	}
	if comparator == "" {
		return nil, fmt.Errorf("no comparator at offset %d", p.at)
	}
	values, fold, err := p.values()
	if err != nil {
		return nil, err
	}
	return filter(func(m *Model, s *Shape) bool { return compare(attribute(s, path), comparator, values, fold) }), nil
}

// quoted reads a string in either kind of quotes.
func (p *selectorParser) quoted() string {
	quote := p.text[p.at]
	end := strings.IndexByte(p.text[p.at+1:], quote)
	if end < 0 {
		return ""
	}
	text := p.text[p.at+1 : p.at+1+end]
	p.at += end + 2
	return text
}

// values reads what an attribute is compared to; fold is the flag i.
func (p *selectorParser) values() (list []string, fold bool, err error) {
	for {
		if c := p.peek(); c == '\'' || c == '"' {
			list = append(list, p.quoted())
		} else if w := p.word(); w != "" {
			list = append(list, w)
		} else {
			return nil, false, fmt.Errorf("no value at offset %d", p.at)
		}
		if p.take(",") {
			continue
		}
		fold = p.take("i")
		if !p.take("]") {
			return nil, false, fmt.Errorf("no ] at offset %d", p.at)
		}
		return list, fold, nil
	}
}

// attribute gives the values of a path, none if the shape has no such thing.
func attribute(s *Shape, path []string) []string {
	switch path[0] {
	case "id":
		return idPart(s, path[1:])
	case "service":
		if s.Type == "service" && slices.Equal(path[1:], []string{"version"}) {
			return []string{s.Version}
		}
	case "trait":
		if len(path) == 1 || path[1] == "(keys)" {
			return nil
		}
		id := path[1]
		if !strings.Contains(id, "#") {
			id = prelude + id
		}
		if t := s.Traits[id]; t != nil {
			return within(t.Value, path[2:])
		}
	}
	return nil
}

func idPart(s *Shape, path []string) []string {
	if len(path) == 0 {
		return []string{s.ID}
	}
	name, member, isMember := strings.Cut(Name(s.ID), "$")
	switch path[0] {
	case "name":
		return []string{name}
	case "namespace":
		return []string{Namespace(s.ID)}
	case "member":
		if isMember {
			return []string{member}
		}
	}
	return nil
}

func within(n *syntax.Node, path []string) []string {
	if len(path) == 0 {
		return []string{n.Text}
	}
	var out []string
	switch path[0] {
	case "(keys)":
		for _, f := range n.Fields {
			out = append(out, f.Key)
		}
	case "(values)":
		for _, item := range n.Items {
			out = append(out, within(item, path[1:])...)
		}
		for _, f := range n.Fields {
			out = append(out, within(f.Value, path[1:])...)
		}
	case "(length)":
		return []string{fmt.Sprint(len(n.Items) + len(n.Fields) + len([]rune(n.Text)))}
	default:
		if v := n.Get(path[0]); v != nil {
			return within(v, path[1:])
		}
	}
	return out
}

func compare(have []string, comparator string, want []string, fold bool) bool {
	if comparator == "?=" {
		return slices.Contains(want, fmt.Sprint(len(have) > 0))
	}
	for _, h := range have {
		for _, w := range want {
			if fold {
				h, w = strings.ToLower(h), strings.ToLower(w)
			}
			if compareOne(h, comparator, w) {
				return true
			}
		}
	}
	return false
}

func compareOne(have, comparator, want string) bool {
	switch comparator {
	case "=":
		return have == want
	case "!=":
		return have != want
	case "^=":
		return strings.HasPrefix(have, want)
	case "$=":
		return strings.HasSuffix(have, want)
	case "*=":
		return strings.Contains(have, want)
	}
	a, okA := Decimal(have)
	b, okB := Decimal(want)
	if !okA || !okB {
		return false
	}
	order := a.Cmp(b)
	return order < 0 && comparator[0] == '<' || order > 0 && comparator[0] == '>' || order == 0 && len(comparator) == 2
}

// Decimal reads a number as written; no exponent is so great that reading it
// would take long.
func Decimal(s string) (*big.Rat, bool) {
	if at := strings.IndexAny(s, "eE"); at >= 0 && len(strings.TrimLeft(s[at+1:], "+-0")) > 3 || len(s) > 1000 {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}
