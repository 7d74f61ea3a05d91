package bazelgen

import (
	"slices"

	"github.com/bazelbuild/buildtools/build"
)

type symbol struct{ file, name string }

func (m *merger) loads() []*build.LoadStmt {
	var out []*build.LoadStmt
	for _, stmt := range m.file.Stmt {
		if load, ok := stmt.(*build.LoadStmt); ok {
			out = append(out, load)
		}
	}
	return out
}

// localName gives the name under which the file loads a symbol: load(…, actor =
// "wasmcloud_actor") makes it actor.
func (m *merger) localName(name string) string {
	for _, load := range m.loads() {
		for i, from := range load.From {
			if from.Name == name {
				return load.To[i].Name
			}
		}
	}
	return name
}

// load makes a symbol known to the file. One that is loaded from elsewhere, such as
// a file of the user's own around it, stays as it is. The formatter orders loads.
func (m *merger) load(s symbol) {
	loads := m.loads()
	for _, load := range loads {
		if slices.ContainsFunc(load.From, func(id *build.Ident) bool { return id.Name == s.name }) {
			return
		}
	}
	m.changed = true
	for _, load := range loads {
		if load.Module.Value == s.file {
			load.From = append(load.From, &build.Ident{Name: s.name})
			load.To = append(load.To, &build.Ident{Name: s.name})
			return
		}
	}
	m.file.Stmt = slices.Insert(m.file.Stmt, m.head(), build.Expr(&build.LoadStmt{
		Module:       &build.StringExpr{Value: s.file},
		From:         []*build.Ident{{Name: s.name}},
		To:           []*build.Ident{{Name: s.name}},
		ForceCompact: true,
	}))
}

// head is the place for a first load: after the comments and the docstring that the
// file begins with.
func (m *merger) head() int {
	for i, stmt := range m.file.Stmt {
		switch stmt.(type) {
		case *build.CommentBlock, *build.StringExpr:
			continue
		}
		return i
	}
	return len(m.file.Stmt)
}
