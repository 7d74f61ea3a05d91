package bazelgen

import (
	"cmp"
	"errors"
	"fmt"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// goPackage is the Go package of a project's folder, seen as the compiler sees it for
// what the project runs on, and its tests, which run on this machine.
type goPackage struct {
	importPath string
	srcs, deps []string
	testSrcs   []string
	testDeps   []string
}

// ourImports is the module whose packages are those of rules_wasmcloud itself.
const ourImports = "github.com/rules-wasmcloud/rules_wasmcloud"

func readGo(dir string, w *workspace, systems []goSystem) (*goPackage, error) {
	mod, err := findGoMod(dir)
	if err != nil {
		return nil, err
	}
	p := &goPackage{importPath: mod.importPath(dir)}
	files, err := goFiles(dir, systems)
	if err != nil {
		return nil, err
	}
	imports, testImports := map[string]bool{}, map[string]bool{}
	for _, f := range files {
		if f.test {
			p.testSrcs = append(p.testSrcs, f.name)
			maps.Copy(testImports, f.imports)
			continue
		}
		p.srcs = append(p.srcs, f.name)
		maps.Copy(imports, f.imports)
	}
	if len(p.srcs) == 0 {
		return nil, fmt.Errorf("%s has no Go file that is compiled for GOOS=%s GOARCH=%s", dir, systems[0].os, systems[0].arch)
	}
	delete(testImports, p.importPath) // a test of package x_test: what it tests is embedded
	if p.deps, err = mod.labels(imports, w); err != nil {
		return nil, err
	}
	p.testDeps, err = mod.labels(testImports, w)
	return p, err
}

// goSystem is what Go compiles for.
type goSystem struct{ os, arch string }

func wasm() []goSystem { return []goSystem{{"wasip1", "wasm"}} }

// hosts are the systems of which providers' files are listed: rules_go leaves out, of
// those, what is not for the one that it compiles for.
func hosts() []goSystem {
	return []goSystem{{"linux", "amd64"}, {"linux", "arm64"}, {"linux", "arm"}, {"darwin", "amd64"}, {"darwin", "arm64"}, {"windows", "amd64"}}
}

type goFile struct {
	name    string
	test    bool
	imports map[string]bool
}

// goFiles lists the files that count: sources for one of the systems, tests for this machine.
func goFiles(dir string, systems []goSystem) ([]goFile, error) {
	var out []goFile
	for _, name := range glob(dir, "*.go") {
		f := goFile{name: name, test: strings.HasSuffix(name, "_test.go"), imports: map[string]bool{}}
		file := filepath.Join(dir, name)
		counts, err := f.counts(dir, systems)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		if !counts {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		for _, spec := range parsed.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return nil, fmt.Errorf("reading %s: %w", file, err)
			}
			f.imports[name] = true
		}
		out = append(out, f)
	}
	return out, nil
}

func (f goFile) counts(dir string, systems []goSystem) (bool, error) {
	if f.test {
		return build.Default.MatchFile(dir, f.name)
	}
	for _, s := range systems {
		context := build.Default
		context.GOOS, context.GOARCH, context.CgoEnabled = s.os, s.arch, false
		if match, err := context.MatchFile(dir, f.name); match || err != nil {
			return match, err
		}
	}
	return false, nil
}

// goMod is what matters here of go.mod.
type goMod struct {
	dir      string
	module   string
	required []string
}

// findGoMod goes upward to the module that a folder is in.
func findGoMod(dir string) (*goMod, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	for at := abs; ; at = filepath.Dir(at) {
		text, err := os.ReadFile(filepath.Join(at, "go.mod"))
		switch {
		case err == nil:
			return parseGoMod(at, string(text)), nil
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		case at == filepath.Dir(at):
			return nil, fmt.Errorf("%s is in no Go module: run `go mod init` in it", dir)
		}
	}
}

func parseGoMod(dir, text string) *goMod {
	m := &goMod{dir: dir}
	inBlock := false
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "//")
		fields := strings.Fields(line)
		for i := range fields {
			fields[i] = strings.Trim(fields[i], "\"`")
		}
		switch {
		case len(fields) == 0:
		case inBlock && fields[0] == ")":
			inBlock = false
		case inBlock:
			m.required = append(m.required, fields[0])
		case len(fields) == 2 && fields[0] == "module":
			m.module = fields[1]
		case len(fields) == 2 && fields[0] == "require" && fields[1] == "(":
			inBlock = true
		case len(fields) == 3 && fields[0] == "require":
			m.required = append(m.required, fields[1])
		}
	}
	return m
}

func (m *goMod) importPath(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return m.module
	}
	rel, err := filepath.Rel(m.dir, abs)
	if err != nil {
		return m.module
	}
	return path.Join(m.module, filepath.ToSlash(rel))
}

// labels turns imports into labels as gazelle names them. The standard library's are
// left out.
func (m *goMod) labels(imports map[string]bool, w *workspace) ([]string, error) {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(imports)) {
		first, _, _ := strings.Cut(name, "/")
		if first == "C" {
			return nil, errors.New(`neither an actor nor a provider can import "C" here: they are compiled for other machines, without a C compiler`)
		}
		module := m.moduleOf(name)
		switch {
		case module == "" && !strings.Contains(first, "."): // the standard library
		case module == ourImports:
			out = append(out, w.label(ourModule, libraryLabel(strings.TrimPrefix(name, ourImports), name)))
		case module == m.module:
			inModule := strings.TrimPrefix(name, m.module)
			rel := strings.TrimPrefix(path.Join(w.pkg(m.dir), inModule), "/")
			label := interfaceLabel(filepath.Join(m.dir, filepath.FromSlash(inModule)), rel)
			out = append(out, cmp.Or(label, libraryLabel("/"+rel, name)))
		case module != "":
			out = append(out, "@"+repoName(module)+libraryLabel(strings.TrimPrefix(name, module), name))
		default:
			return nil, fmt.Errorf("%s is imported, and the go.mod of %s requires no module that has it: run `go mod tidy`", name, m.module)
		}
	}
	return out, nil
}

// moduleOf finds the required module with a package: that of the longest path.
func (m *goMod) moduleOf(name string) string {
	best := ""
	for _, module := range append([]string{m.module}, m.required...) {
		if (name == module || strings.HasPrefix(name, module+"/")) && len(module) > len(best) {
			best = module
		}
	}
	return best
}

// libraryLabel gives the label, without repository, of a package's library: gazelle names
// it by the import path's last element that is no version.
func libraryLabel(pkg, importPath string) string {
	base := path.Base(importPath)
	if strings.HasPrefix(base, "v") && strings.Trim(base[1:], "0123456789") == "" && len(base) > 1 {
		base = path.Base(path.Dir(importPath))
	}
	base = strings.ReplaceAll(base, ".", "_")
	pkg = strings.Trim(pkg, "/")
	if path.Base(pkg) == base {
		return "//" + pkg
	}
	return "//" + pkg + ":" + base
}

// repoName is gazelle's name for a module's repository.
func repoName(module string) string {
	parts := strings.Split(strings.ToLower(module), "/")
	host := strings.Split(parts[0], ".")
	slices.Reverse(host)
	name := strings.Join(append(host, parts[1:]...), "_")
	return strings.NewReplacer("-", "_", ".", "_", "~", "_").Replace(name)
}
