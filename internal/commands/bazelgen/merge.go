package bazelgen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bazelbuild/buildtools/build"
)

// merger brings rules into a BUILD file and leaves alone what a person wrote there:
// rules of other kinds or names, attributes that no rule here sets, and of those
// that one does, values marked `# keep` and values that are more than literals.
type merger struct {
	file    *build.File
	changed bool
	notes   []string
}

func (m *merger) notef(format string, args ...any) {
	m.notes = append(m.notes, fmt.Sprintf(format, args...))
}

func (m *merger) merge(rules []rule) {
	var loads []symbol
	for _, want := range rules {
		if m.rule(want) {
			loads = append(loads, symbol{want.file, want.kind})
		}
	}
	for _, want := range rules {
		for _, a := range want.attrs {
			if c, ok := a.value.(*build.CallExpr); ok && isIdent(c.X, crateDeps) && m.uses(crateDeps) {
				loads = append(loads, symbol{crateDepsFile, crateDeps})
			}
		}
	}
	for _, l := range loads {
		m.load(l)
	}
}

// rule merges one rule and says whether it is in the file under its own kind now.
func (m *merger) rule(want rule) bool {
	local := m.localName(want.kind)
	var found *build.Rule
	for _, r := range m.file.Rules("") {
		if r.Name() != want.name || r.Kind() == "" {
			continue
		}
		if r.Kind() != local {
			m.notef("%s: the name %s is taken by a %s, which was left alone; no %s was written",
				m.file.Path, want.name, r.Kind(), want.kind)
			return false
		}
		found = r
	}
	if found == nil {
		m.add(want, local)
		return true
	}
	if keeps(found.Call) {
		return true
	}
	for _, a := range want.attrs {
		m.attr(found, a)
	}
	return true
}

func (m *merger) add(want rule, local string) {
	c := call(local)
	c.ForceMultiLine = true
	r := m.file.Rule(c)
	r.SetAttr("name", &build.StringExpr{Value: want.name})
	for _, a := range want.attrs {
		if !a.gone {
			r.SetAttr(a.name, a.value)
		}
	}
	m.file.Stmt = append(m.file.Stmt, c)
	m.changed = true
}

// attr brings an attribute's value up to date.
func (m *merger) attr(r *build.Rule, want attr) {
	have := r.AttrDefn(want.name)
	switch {
	case want.once, have == nil && want.gone:
	case have == nil:
		r.SetAttr(want.name, want.value)
		m.changed = true
	case keeps(have) || keeps(have.LHS) || keeps(have.RHS) || !literal(have.RHS):
	case want.gone && !keepsAny(have.RHS):
		r.DelAttr(want.name)
		m.changed = true
	case !sameLiteral(want.name, have.RHS, want.value):
		m.assign(have, want)
	}
}

// assign replaces a literal. Entries of a list that stay keep their comments, and
// those marked `# keep` stay.
func (m *merger) assign(have *build.AssignExpr, want attr) {
	oldList, isList := have.RHS.(*build.ListExpr)
	newList, wantsList := want.value.(*build.ListExpr)
	if !isList || !wantsList {
		have.RHS = want.value
		m.changed = true
		return
	}
	var merged []build.Expr
	for _, item := range newList.List {
		if i := indexOf(oldList.List, item); i >= 0 {
			item = oldList.List[i]
		}
		merged = append(merged, item)
	}
	for _, item := range oldList.List {
		if keeps(item) && indexOf(newList.List, item) < 0 {
			merged = append(merged, item)
		}
	}
	if !sameList(want.name, merged, oldList.List) {
		oldList.List = merged
		m.changed = true
	}
}

func indexOf(list []build.Expr, item build.Expr) int {
	return slices.IndexFunc(list, func(other build.Expr) bool { return text(other) == text(item) })
}

// text is what a literal says, however it is quoted.
func text(e build.Expr) string {
	switch e := e.(type) {
	case *build.StringExpr:
		return "string " + e.Value
	case *build.LiteralExpr:
		return "literal " + e.Token
	case *build.Ident:
		return "name " + e.Name
	}
	return build.FormatString(e)
}

// literal says whether a value is one that this tool could have written: anything
// else, such as a variable or a select, a person did.
func literal(e build.Expr) bool {
	switch e := e.(type) {
	case *build.StringExpr, *build.LiteralExpr:
		return true
	case *build.Ident:
		return e.Name == "True" || e.Name == "False" || e.Name == "None"
	case *build.ListExpr:
		for _, item := range e.List {
			if _, ok := item.(*build.StringExpr); !ok {
				return false
			}
		}
		return true
	}
	return false
}

func sameLiteral(name string, a, b build.Expr) bool {
	listA, okA := a.(*build.ListExpr)
	listB, okB := b.(*build.ListExpr)
	if okA && okB {
		return sameList(name, listA.List, listB.List)
	}
	return okA == okB && text(a) == text(b)
}

// sameList compares lists: in order, but for those that the formatter sorts.
func sameList(name string, a, b []build.Expr) bool {
	textA, textB := texts(a), texts(b)
	if name == "srcs" || name == "deps" {
		slices.Sort(textA)
		slices.Sort(textB)
	}
	return slices.Equal(textA, textB)
}

func texts(list []build.Expr) []string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = text(e)
	}
	return out
}

// keeps looks for `# keep` (and gazelle's `# keep: because…`) at an expression.
func keeps(e build.Expr) bool {
	c := e.Comment()
	for _, comment := range append(slices.Clone(c.Before), c.Suffix...) {
		word := strings.TrimSpace(strings.TrimLeft(comment.Token, "#"))
		if word == "keep" || strings.HasPrefix(word, "keep:") {
			return true
		}
	}
	return false
}

// keepsAny looks for it at the entries of a list.
func keepsAny(e build.Expr) bool {
	list, ok := e.(*build.ListExpr)
	return ok && slices.ContainsFunc(list.List, keeps)
}

func isIdent(e build.Expr, name string) bool {
	id, ok := e.(*build.Ident)
	return ok && id.Name == name
}

// uses says whether the file calls a function.
func (m *merger) uses(function string) bool {
	found := false
	build.Walk(m.file, func(e build.Expr, _ []build.Expr) {
		c, ok := e.(*build.CallExpr)
		found = found || ok && isIdent(c.X, function)
	})
	return found
}
