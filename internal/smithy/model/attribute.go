package model

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
)

// attribute reads `[path]`, `[path comparator values]` or `[@path: …]`; the bracket is open.
func (p *selectorParser) attribute() (step, error) {
	if p.take("@") {
		return p.scoped()
	}
	path, err := p.path()
	if err != nil {
		return step{}, err
	}
	if p.take("]") {
		return filter(func(_ *search, s *Shape) bool { return len(within(attribute(s, path))) > 0 }), nil
	}
	comparator, err := p.comparator()
	if err != nil {
		return step{}, err
	}
	list, fold, err := p.values()
	if err == nil && !p.take("]") {
		err = fmt.Errorf("no ] at offset %d", p.at)
	}
	if err != nil {
		return step{}, err
	}
	return filter(func(_ *search, s *Shape) bool {
		return compare(within(attribute(s, path)), comparator, literals(list), fold)
	}), nil
}

// path reads words between bars, which may be functions as (keys).
func (p *selectorParser) path() (path []string, err error) {
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
			return path, nil
		}
	}
}

func (p *selectorParser) comparator() (string, error) {
	for _, c := range []string{"!=", "^=", "$=", "*=", "?=", ">=", "<=", "=", ">", "<", "{=}", "{!=}", "{<<}", "{<}"} {
		if p.take(c) {
			return c, nil
		}
	}
	return "", fmt.Errorf("no comparator at offset %d", p.at)
}

// operand is a value as it stands, or what a path leads to from the scope.
type operand struct {
	text string
	path []string
}

func literals(list []operand) (texts []string) {
	for _, o := range list {
		texts = append(texts, o.text)
	}
	return texts
}

// assertion compares two sides, each found from the scope.
type assertion struct {
	left       []string
	comparator string
	right      []operand
	fold       bool
}

// scoped reads `path: @{path} comparator values && …]`: all must hold of one of the values that the
// path leads to.
func (p *selectorParser) scoped() (step, error) {
	var path []string
	var err error
	if p.peek() != ':' {
		if path, err = p.path(); err != nil {
			return step{}, err
		}
	}
	if !p.take(":") {
		return step{}, fmt.Errorf("no : at offset %d", p.at)
	}
	var all []assertion
	for {
		left, err := p.operand()
		if err != nil {
			return step{}, err
		}
		if left.path == nil {
			return step{}, fmt.Errorf("want @{…} at offset %d", p.at)
		}
		a := assertion{left: left.path}
		if a.comparator, err = p.comparator(); err == nil {
			a.right, a.fold, err = p.values()
		}
		if err != nil {
			return step{}, err
		}
		if all = append(all, a); p.take("]") {
			break
		}
		if !p.take("&&") {
			return step{}, fmt.Errorf("no ] at offset %d", p.at)
		}
	}
	return filter(func(_ *search, s *Shape) bool {
		return slices.ContainsFunc(attribute(s, path), func(v value) bool {
			return !slices.ContainsFunc(all, func(a assertion) bool { return !a.holds(v) })
		})
	}), nil
}

func (a assertion) holds(v value) bool {
	var right []string
	for _, o := range a.right {
		if o.path != nil {
			right = append(right, within(v.at(o.path))...)
		} else {
			right = append(right, o.text)
		}
	}
	return compare(within(v.at(a.left)), a.comparator, right, a.fold)
}

// operand reads a value, or @{path}.
func (p *selectorParser) operand() (operand, error) {
	if p.take("@{") {
		path, err := p.path()
		if err == nil && !p.take("}") {
			err = fmt.Errorf("no } at offset %d", p.at)
		}
		return operand{path: path}, err
	}
	if c := p.peek(); c == '\'' || c == '"' {
		return operand{text: p.quoted()}, nil
	}
	if w := p.word(); w != "" {
		return operand{text: w}, nil
	}
	return operand{}, fmt.Errorf("no value at offset %d", p.at)
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
func (p *selectorParser) values() (list []operand, fold bool, err error) {
	for {
		o, err := p.operand()
		if err != nil {
			return nil, false, err
		}
		if list = append(list, o); !p.take(",") {
			return list, p.take("i"), nil
		}
	}
}

// value is where a path leads: to a shape, a node of a trait's value, or a text.
type value struct {
	shape *Shape
	node  *syntax.Node
	text  string
}

// attribute gives the values of a path, none if the shape has no such thing.
func attribute(s *Shape, path []string) []value { return value{shape: s}.at(path) }

// at follows a path.
func (v value) at(path []string) []value {
	switch {
	case len(path) == 0:
		return []value{v}
	case v.shape != nil:
		return v.shape.attribute(path)
	case v.node != nil:
		return inNode(v.node, path)
	}
	return nil
}

// within gives values as they are compared.
func within(values []value) (texts []string) {
	for _, v := range values {
		switch {
		case v.shape != nil:
			texts = append(texts, v.shape.ID)
		case v.node != nil:
			texts = append(texts, v.node.Text)
		default:
			texts = append(texts, v.text)
		}
	}
	return texts
}

func texts(list ...string) (out []value) {
	for _, t := range list {
		out = append(out, value{text: t})
	}
	return out
}

func (s *Shape) attribute(path []string) []value {
	switch path[0] {
	case "id":
		return texts(idPart(s, path[1:])...)
	case "service":
		if s.Type == "service" && slices.Equal(path[1:], []string{"version"}) {
			return texts(s.Version)
		}
	case "trait":
		return s.traitAttribute(path[1:])
	}
	return nil
}

func (s *Shape) traitAttribute(path []string) (out []value) {
	ids := slices.Sorted(maps.Keys(s.Traits))
	switch {
	case len(path) == 0:
		return nil
	case path[0] == "(keys)" && len(path) == 1:
		return texts(ids...)
	case path[0] == "(length)" && len(path) == 1:
		return texts(fmt.Sprint(len(ids)))
	case path[0] == "(values)":
		for _, id := range ids {
			out = append(out, value{node: s.Traits[id].Value}.at(path[1:])...)
		}
		return out
	}
	if t := s.Trait(path[0]); t != nil {
		return value{node: t.Value}.at(path[1:])
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
	case "(length)":
		return []string{fmt.Sprint(len(s.ID))}
	}
	return nil
}

func inNode(n *syntax.Node, path []string) (out []value) {
	switch path[0] {
	case "(keys)":
		for _, f := range n.Fields {
			out = append(out, texts(f.Key)...)
		}
	case "(values)":
		for _, item := range n.Items {
			out = append(out, value{node: item}.at(path[1:])...)
		}
		for _, f := range n.Fields {
			out = append(out, value{node: f.Value}.at(path[1:])...)
		}
	case "(first)":
		if len(n.Items) > 0 {
			return value{node: n.Items[0]}.at(path[1:])
		}
	case "(length)":
		return texts(fmt.Sprint(len(n.Items) + len(n.Fields) + len([]rune(n.Text))))
	default:
		if v := n.Get(path[0]); v != nil {
			return value{node: v}.at(path[1:])
		}
	}
	return out
}

func compare(have []string, comparator string, want []string, fold bool) bool {
	switch comparator {
	case "?=":
		return slices.Contains(want, fmt.Sprint(len(have) > 0))
	case "{=}", "{!=}", "{<}", "{<<}":
		return compareSets(have, comparator, want, fold)
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

// compareSets is for all values together: equal, not equal, part of, and part of but not equal.
func compareSets(have []string, comparator string, want []string, fold bool) bool {
	in := func(list []string) func(string) bool {
		return func(v string) bool {
			return slices.ContainsFunc(list, func(w string) bool { return v == w || fold && strings.EqualFold(v, w) })
		}
	}
	outside := func(a, b []string) bool {
		return slices.ContainsFunc(a, func(v string) bool { return !in(b)(v) })
	}
	if len(have) == 0 {
		return false
	}
	part, whole := !outside(have, want), !outside(want, have)
	switch comparator {
	case "{=}":
		return part && whole
	case "{!=}":
		return !part || !whole
	case "{<}":
		return part
	}
	return part && !whole
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
