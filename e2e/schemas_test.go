package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

const schemasPage = `# What --output json holds

Each command's members and their types, made from the commands themselves. Before them comes ` + "`\"success\": true`" + `, unless the
answer has a success of its own; an error is ` + "`{\"success\": false, \"error\": …, \"error_chain\": […]}`" + ` on standard error.
` + "`?`" + ` is a member that may be missing, ` + "`[]`" + ` a list, ` + "`{}`" + ` an object with any names. New members may come in any release; none of these
goes or changes before [the compatibility promise](compatibility.md) says so.

`

// The members of every command's JSON are promised: this page changes when one does, and a reviewer sees it.
func TestJSONMembers(t *testing.T) {
	var page bytes.Buffer
	page.WriteString(schemasPage)
	packages := commandPackages(t)
	for _, dir := range packages.dirs {
		lines := packages.answers(t, dir)
		if len(lines) == 0 {
			continue
		}
		fmt.Fprintf(&page, "## %s\n```\n%s\n```\n\n", filepath.Base(dir), strings.Join(lines, "\n"))
	}
	page.Truncate(page.Len() - 1)
	file, err := filepath.Abs("../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	testkit.GoldenFile(t, file, page.Bytes())
}

// sources are packages, to be read with the types of what they import as the compiler wrote them down.
type sources struct {
	dirs    []string
	fset    *token.FileSet
	imports types.Importer
}

func commandPackages(t *testing.T) *sources {
	t.Helper()
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,Match", "../internal/commands/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	s := &sources{fset: token.NewFileSet()}
	exports := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath, Dir, Export string
			Match                   []string
		}
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		exports[p.ImportPath] = p.Export
		if len(p.Match) > 0 {
			s.dirs = append(s.dirs, p.Dir)
		}
	}
	slices.Sort(s.dirs)
	s.imports = importer.ForCompiler(s.fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	return s
}

// answers lists the members of what a package's commands print.
func (s *sources) answers(t *testing.T, dir string) (lines []string) {
	t.Helper()
	list, err := exec.Command("go", "list", "-f", "{{range .GoFiles}}{{.}} {{end}}", dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range strings.Fields(string(list)) {
		f, err := parser.ParseFile(s.fset, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	if _, err := (&types.Config{Importer: s.imports}).Check(dir, s.fset, files, info); err != nil {
		t.Fatal(err)
	}
	uses := usesOf(files, info)
	for _, u := range uses {
		if !isPrint(u.of) {
			continue
		}
		names := commandsOf(uses, u, nil)
		if len(names) == 0 { // the tool itself, or a command whose name is not written where it is made
			names = []string{filepath.Base(dir)}
		}
		for _, name := range names {
			for _, m := range members(info.Types[u.call.Args[2]].Type, "", 0) {
				lines = append(lines, name+" "+m)
			}
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// use is a place where a function is named.
type use struct {
	by      types.Object // the function that it stands in
	command string       // whose Use was written before, in that function; "" for none
	of      types.Object
	call    *ast.CallExpr // of cli.Print
}

func usesOf(files []*ast.File, info *types.Info) (uses []use) {
	for _, f := range files {
		for _, d := range f.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			u := use{by: info.Defs[f.Name]}
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.KeyValueExpr:
					if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Use" {
						u.command = firstWord(n.Value)
					}
				case *ast.CallExpr:
					if fun, ok := n.Fun.(*ast.SelectorExpr); ok && isPrint(info.Uses[fun.Sel]) {
						u.call = n
					}
				case *ast.Ident:
					if fn, ok := info.Uses[n].(*types.Func); ok {
						u.of = fn
						uses = append(uses, u)
					}
				}
				return true
			})
		}
	}
	return uses
}

// firstWord is the name in a command's Use.
func firstWord(e ast.Expr) string {
	literal, ok := e.(*ast.BasicLit)
	if !ok {
		return ""
	}
	text, _ := strconv.Unquote(literal.Value)
	name, _, _ := strings.Cut(text, " ")
	return name
}

// commandsOf names the commands that get to a place: that in whose function it stands, or else those
// that get to the function.
func commandsOf(uses []use, at use, seen []types.Object) (names []string) {
	if at.command != "" {
		return []string{at.command}
	}
	if slices.Contains(seen, at.by) {
		return nil
	}
	for _, u := range uses {
		if u.of == at.by {
			names = append(names, commandsOf(uses, u, append(seen, at.by))...)
		}
	}
	return names
}

func isPrint(o types.Object) bool {
	return o != nil && o.Name() == "Print" && o.Pkg() != nil && o.Pkg().Path() == modulePath+"/internal/cli"
}

// members are the paths that encoding/json writes for a type. What encodes itself is a text or anything.
func members(t types.Type, path string, depth int) []string {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		return members(p.Elem(), path, depth)
	}
	if depth > 12 {
		return []string{path + " …"} // a type that holds itself
	}
	switch {
	case encodes(t, "MarshalJSON") && t.String() != "time.Time":
		return []string{path + " any"}
	case encodes(t, "MarshalText"):
		return []string{path + " string"}
	}
	switch u := t.Underlying().(type) {
	case *types.Struct:
		return fields(u, path, depth)
	case *types.Slice:
		if b, ok := u.Elem().Underlying().(*types.Basic); ok && b.Kind() == types.Byte {
			return []string{path + " string"}
		}
		return members(u.Elem(), path+"[]", depth+1)
	case *types.Array:
		return members(u.Elem(), path+"[]", depth+1)
	case *types.Map:
		return members(u.Elem(), path+"{}", depth+1)
	case *types.Basic:
		switch {
		case u.Info()&types.IsString != 0:
			return []string{path + " string"}
		case u.Info()&types.IsBoolean != 0:
			return []string{path + " boolean"}
		}
		return []string{path + " number"}
	}
	return []string{path + " any"}
}

func encodes(t types.Type, method string) bool {
	return types.NewMethodSet(types.NewPointer(t)).Lookup(nil, method) != nil
}

func fields(s *types.Struct, path string, depth int) (lines []string) {
	for i := range s.NumFields() {
		f := s.Field(i)
		name, options, _ := strings.Cut(reflect.StructTag(s.Tag(i)).Get("json"), ",")
		switch {
		case name == "-" || !f.Exported() && !f.Embedded():
			continue
		case f.Embedded() && name == "":
			lines = append(lines, members(f.Type(), path, depth+1)...)
			continue
		case name == "":
			name = f.Name()
		}
		if strings.Contains(options, "omit") {
			name += "?"
		}
		lines = append(lines, members(f.Type(), strings.TrimPrefix(path+"."+name, "."), depth+1)...)
	}
	return lines
}
