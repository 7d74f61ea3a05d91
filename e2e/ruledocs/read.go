// Package ruledocs makes the reference of the Bazel rules from the .bzl files, by
// reading and not by running them: Stardoc needs a Bazel and a Java, and everybody who
// changes a rule has the Go toolchain anyway. What it understands is what these rules
// use; anything else is an error, not a gap in a page.
package ruledocs

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/bazelbuild/buildtools/build"
)

// file is a .bzl file: what is bound in it, by name.
type file struct {
	name  string // from the repository's root, with slashes
	doc   string
	order []string // of definitions
	bound map[string]binding
}

// binding is what a name stands for: an expression or function of this file, or a
// symbol of another file.
type binding struct {
	node     build.Expr // *build.DefStmt, or the right side of an assignment
	comment  string     // the comment above
	fromFile string
	fromName string
}

// reader reads each file once.
type reader struct {
	root  fs.FS
	files map[string]*file
}

func (r *reader) open(name string) (*file, error) {
	if f := r.files[name]; f != nil {
		return f, nil
	}
	text, err := fs.ReadFile(r.root, name)
	if err != nil {
		return nil, err
	}
	parsed, err := build.ParseBzl(name, text)
	if err != nil {
		return nil, err
	}
	f := &file{name: name, bound: map[string]binding{}}
	if len(parsed.Stmt) > 0 {
		if s, ok := parsed.Stmt[0].(*build.StringExpr); ok {
			f.doc = strings.TrimSpace(s.Value) // at the margin already
		}
	}
	for _, stmt := range parsed.Stmt {
		if err := f.bind(stmt); err != nil {
			return nil, err
		}
	}
	r.files[name] = f
	return f, nil
}

func (f *file) bind(stmt build.Expr) error {
	switch s := stmt.(type) {
	case *build.DefStmt:
		f.order = append(f.order, s.Name)
		f.bound[s.Name] = binding{node: s, comment: comment(s)}
	case *build.AssignExpr:
		if id, ok := s.LHS.(*build.Ident); ok {
			f.order = append(f.order, id.Name)
			f.bound[id.Name] = binding{node: s.RHS, comment: comment(s)}
		}
	case *build.LoadStmt:
		from, err := f.label(s.Module.Value)
		if err != nil {
			return err
		}
		for i := range s.From {
			f.bound[s.To[i].Name] = binding{fromFile: from, fromName: s.From[i].Name}
		}
	}
	return nil
}

// label gives the file that a load names; "" for one of another repository.
func (f *file) label(label string) (string, error) {
	if strings.HasPrefix(label, "@") {
		return "", nil
	}
	if name, ok := strings.CutPrefix(label, ":"); ok {
		return path.Join(path.Dir(f.name), name), nil
	}
	pkg, name, ok := strings.Cut(strings.TrimPrefix(label, "//"), ":")
	if !ok || !strings.HasPrefix(label, "//") {
		return "", fmt.Errorf("%s: load of %q, which is neither //package:file nor :file", f.name, label)
	}
	return path.Join(pkg, name), nil
}

// definition is where a symbol is made.
type definition struct {
	file *file
	name string
	binding
}

// follow goes from a name along aliases and loads to where it is made.
func (r *reader) follow(f *file, name string) (*definition, error) {
	for range 20 {
		b, ok := f.bound[name]
		switch {
		case !ok:
			return nil, fmt.Errorf("%s: %s is bound nowhere in it", f.name, name)
		case b.fromFile != "":
			next, err := r.open(b.fromFile)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.name, err)
			}
			f, name = next, b.fromName
			continue
		case b.node == nil:
			return nil, fmt.Errorf("%s: %s comes from another repository", f.name, name)
		}
		id, ok := b.node.(*build.Ident)
		if !ok {
			return &definition{f, name, b}, nil
		}
		name = id.Name
	}
	return nil, fmt.Errorf("%s: %s leads through more than 20 names", f.name, name)
}

// value follows an expression that is a name, and leaves others alone.
func (r *reader) value(f *file, e build.Expr) (*file, build.Expr) {
	id, ok := e.(*build.Ident)
	if !ok {
		return f, e
	}
	d, err := r.follow(f, id.Name)
	if err != nil {
		return f, e // None, True and what other repositories make
	}
	return d.file, d.node
}

// text is the value of a string, or of strings that are added.
func (r *reader) text(f *file, e build.Expr) string {
	f, e = r.value(f, e)
	switch e := e.(type) {
	case *build.StringExpr:
		return e.Value
	case *build.ParenExpr:
		return r.text(f, e.X)
	case *build.BinaryExpr:
		if e.Op == "+" {
			return r.text(f, e.X) + r.text(f, e.Y)
		}
	}
	return ""
}

// entry is one of a dictionary.
type entry struct {
	key   string
	file  *file
	value build.Expr
}

// entries lists a dictionary, or several that are joined by |.
func (r *reader) entries(f *file, e build.Expr) ([]entry, error) {
	f, e = r.value(f, e)
	switch e := e.(type) {
	case *build.DictExpr:
		var all []entry
		for _, kv := range e.List {
			where, v := r.value(f, kv.Value)
			all = append(all, entry{r.text(f, kv.Key), where, v})
		}
		return all, nil
	case *build.BinaryExpr:
		if e.Op == "|" {
			left, err := r.entries(f, e.X)
			if err != nil {
				return nil, err
			}
			right, err := r.entries(f, e.Y)
			left = slices.DeleteFunc(left, func(l entry) bool {
				return slices.ContainsFunc(right, func(r entry) bool { return r.key == l.key })
			})
			return append(left, right...), err
		}
	}
	return nil, fmt.Errorf("%s: want a dictionary, or several joined by |, not %s", f.name, build.FormatString(e))
}

func comment(e build.Expr) string {
	var lines []string
	for _, c := range e.Comment().Before {
		lines = append(lines, strings.TrimPrefix(strings.TrimPrefix(c.Token, "#"), " "))
	}
	return strings.Join(lines, "\n")
}

// dedent takes away the indentation that all lines after the first share.
func dedent(text string) string {
	lines := strings.Split(text, "\n")
	least := -1
	for _, line := range lines[1:] {
		if trimmed := strings.TrimLeft(line, " "); trimmed != "" {
			if n := len(line) - len(trimmed); least < 0 || n < least {
				least = n
			}
		}
	}
	for i, line := range lines {
		if i > 0 && least > 0 && len(line) >= least {
			line = line[least:]
		}
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
