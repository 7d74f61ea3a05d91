package e2e

import (
	"bufio"
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// goFiles walks the repository's own Go sources.
func goFiles(t *testing.T, do func(path string, text []byte)) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && (e.Name() == "testdata" || e.Name() == "bin" || strings.HasPrefix(e.Name(), ".") && e.Name() != "..") {
			return fs.SkipDir
		}
		if e.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err == nil {
			do(path, text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFilesAreShort(t *testing.T) {
	const most = 400
	goFiles(t, func(path string, text []byte) {
		if bytes.HasPrefix(text, []byte("// Code generated ")) {
			return // nobody reads it to find something
		}
		lines := 0
		for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
			lines++
		}
		if lines >= most {
			t.Errorf("%s has %d lines; want fewer than %d", path, lines, most)
		}
	})
}

// State of a package is shared by all that import it, tests running side by side
// included: its variables are tables and errors, set once where they are declared.
// An actor registers itself in init, because nothing else of it runs before a call.
func TestPackagesKeepNoState(t *testing.T) {
	packages := map[string][]*ast.File{}
	fset := token.NewFileSet()
	goFiles(t, func(path string, text []byte) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		file, err := parser.ParseFile(fset, path, text, 0)
		if err != nil {
			t.Error(err)
			return
		}
		packages[filepath.Dir(path)] = append(packages[filepath.Dir(path)], file)
	})
	for dir, files := range packages {
		vars := packageVars(files)
		for _, file := range files {
			for _, use := range writes(file, vars) {
				if strings.HasSuffix(fset.Position(use.Pos()).Filename, "sdk/actor/abi_wasip1.go") {
					continue // the one actor of a wasm module, for the host's calls to find
				}
				t.Errorf("%s: %s is a variable of the package and is written to", fset.Position(use.Pos()), use.Name)
			}
			for _, decl := range file.Decls {
				f, ok := decl.(*ast.FuncDecl)
				if ok && f.Recv == nil && f.Name.Name == "init" && !within(filepath.ToSlash(dir), "../examples") {
					t.Errorf("%s: an init function", fset.Position(f.Pos()))
				}
			}
		}
	}
}

func packageVars(files []*ast.File) map[string]bool {
	vars := map[string]bool{}
	for _, file := range files {
		for _, decl := range file.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.VAR {
				continue
			}
			for _, spec := range gen.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					vars[name.Name] = name.Name != "_"
				}
			}
		}
	}
	return vars
}

// writes finds assignments to the given package variables, their elements and
// their fields included.
func writes(file *ast.File, vars map[string]bool) (found []*ast.Ident) {
	check := func(e ast.Expr) {
		id := root(e)
		// The parser resolves names within a file; what it leaves is the package's.
		if id != nil && vars[id.Name] && (id.Obj == nil || file.Scope.Lookup(id.Name) == id.Obj) {
			found = append(found, id)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, lhs := range n.Lhs {
					check(lhs)
				}
			}
		case *ast.IncDecStmt:
			check(n.X)
		}
		return true
	})
	return found
}

func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}
