package bazelgen

import (
	"path"
	"path/filepath"
	"strconv"

	"github.com/bazelbuild/buildtools/build"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/upstream"
)

// rule is a target that should be in a BUILD file.
type rule struct {
	kind, file string // the symbol, and the label of the .bzl file that has it
	name       string
	attrs      []attr
}

type attr struct {
	name  string
	value build.Expr
	// once: written with a new rule, and never looked at again.
	once bool
	// gone: the source says that there is none, so one in the file is stale.
	gone bool
}

func (r *rule) str(name, value string) {
	if value != "" {
		r.attrs = append(r.attrs, attr{name: name, value: &build.StringExpr{Value: value}})
	}
}

func (r *rule) list(name string, values ...string) {
	if len(values) > 0 {
		r.attrs = append(r.attrs, attr{name: name, value: stringList(values)})
	}
}

// claim is for what is signed. A claim that the source no longer makes may not stay:
// it would go on being granted.
func (r *rule) claim(name string, value build.Expr, there bool) {
	r.attrs = append(r.attrs, attr{name: name, value: value, gone: !there})
}

func (r *rule) pushTo(to *reference) {
	if to == nil {
		return
	}
	r.str("registry", to.registry)
	r.str("repository", to.repository)
	if to.tag != "" {
		r.list("remote_tags", to.tag)
	}
}

func (r *rule) expr(name string, value build.Expr) {
	r.attrs = append(r.attrs, attr{name: name, value: value})
}

func stringList(values []string) *build.ListExpr {
	list := &build.ListExpr{}
	for _, v := range values {
		list.List = append(list.List, &build.StringExpr{Value: v})
	}
	return list
}

func call(function string, args ...build.Expr) *build.CallExpr {
	return &build.CallExpr{X: &build.Ident{Name: function}, List: args}
}

// rulesFor gives the targets of a project. src is the label of the unsigned wasm or the executable, or
// "" for what the folder says.
func rulesFor(p *project, w *workspace, src string) ([]rule, error) {
	switch {
	case p.models != nil:
		return interfaceRules(p, w, src)
	case p.provider != nil:
		return providerRules(p, w, src)
	}
	rules, src, err := compiled(p, w, src, goRules, "rust_shared_library")
	if err != nil {
		return nil, err
	}
	rules = append(rules, actorRule(p, w, src))
	if p.cases || p.selfTest {
		test := rule{kind: "wasmcloud_actor_test", file: w.label(ourModule, "//rules:testing.bzl"), name: p.name + "_cases_test"}
		test.str("actor", ":"+p.name)
		if p.cases {
			test.expr("cases", call("glob", stringList([]string{"cases/*.txtar"})))
		}
		if p.selfTest {
			test.str("options", selfTestFile)
		}
		rules = append(rules, test)
	}
	return rules, nil
}

func actorRule(p *project, w *workspace, src string) rule {
	r := rule{kind: "wasmcloud_actor", file: w.label(ourModule, "//rules:actor.bzl"), name: p.name}
	r.str("src", src)
	r.claim("call_alias", &build.StringExpr{Value: p.alias}, p.alias != "")
	r.claim("caps", stringList(p.caps), len(p.caps) > 0)
	r.claim("claim_name", &build.StringExpr{Value: p.claimName}, p.claimName != p.name)
	switch p.compiler {
	case goCompiler:
		// What the Go compiler makes needs wasmfix, as in actor.mk.
		r.expr("fix", &build.Ident{Name: "True"})
	case rustCompiler:
		r.str("platform", w.label(rustModule, "//rust/platform:wasm"))
	}
	r.pushTo(p.push)
	if p.revision != nil {
		r.expr("revision", &build.LiteralExpr{Token: strconv.Itoa(*p.revision)})
	}
	r.str("version", p.version)
	// One project in a folder: `bazel run //actor:push` works whatever the project is called.
	if path.Base(w.pkg(p.dir)) != p.name {
		r.attrs = append(r.attrs, attr{name: "short_names", value: &build.Ident{Name: "True"}, once: true})
	}
	return r
}

// goRules compiles as actor.mk does: for wasip1, as a library that a host calls into.
func goRules(p *project, w *workspace) ([]rule, string, error) {
	g, err := readGo(p.dir, w, wasm())
	if err != nil {
		return nil, "", err
	}
	library, tests := goLibraryRules(p, w, g)
	binary := rule{kind: "go_binary", file: library.file, name: p.name + "_go"}
	binary.list("embed", ":"+library.name)
	binary.list("gc_linkopts", "-s", "-w")
	binary.str("goarch", "wasm")
	binary.str("goos", "wasip1")
	binary.str("linkmode", "c-shared")
	binary.str("out", binary.name+".wasm") // else it is called as a native library is
	return append([]rule{library, binary}, tests...), ":" + binary.name, nil
}

// goLibraryRules gives the library of a package, and its test if it has one.
func goLibraryRules(p *project, w *workspace, g *goPackage) (library rule, tests []rule) {
	file := w.label(goModule, "//go:def.bzl")
	library = rule{kind: "go_library", file: file, name: p.name + "_lib"}
	library.list("srcs", g.srcs...)
	library.str("importpath", g.importPath)
	library.list("deps", g.deps...)
	if len(g.testSrcs) > 0 {
		test := rule{kind: "go_test", file: file, name: p.name + "_test"}
		test.list("srcs", g.testSrcs...)
		test.list("embed", ":"+library.name)
		test.list("deps", g.testDeps...)
		tests = append(tests, test)
	}
	return library, tests
}

// rustRules compiles a crate whose dependencies crate_universe has put into @crates,
// the name that its documents use.
func rustRules(p *project, w *workspace, kind string) ([]rule, string, error) {
	c, err := upstream.ReadCargo(filepath.Join(p.dir, "Cargo.toml"))
	if err != nil {
		return nil, "", err
	}
	r := rule{kind: kind, file: w.label(rustModule, "//rust:defs.bzl"), name: p.name + "_rust"}
	r.expr("srcs", call("glob", stringList([]string{"src/**/*.rs"})))
	r.str("crate_name", c.Crate())
	r.str("edition", c.Edition())
	r.expr("proc_macro_deps", crates("proc_macro"))
	r.expr("deps", crates("normal"))
	return []rule{r}, ":" + r.name, nil
}

func crates(kind string) build.Expr {
	return call(crateDeps, &build.AssignExpr{LHS: &build.Ident{Name: kind}, Op: "=", RHS: &build.Ident{Name: "True"}})
}

// crateDeps is a function that values use, so it is loaded too.
const (
	crateDeps     = "all_crate_deps"
	crateDepsFile = "@crates//:defs.bzl"
)

// compiled gives the targets that compile a project, and the label of what comes of them; none for a src
// that is there already. How Go is compiled, and which rule takes Rust, differ between actors and providers.
func compiled(p *project, w *workspace, src string, goTargets func(*project, *workspace) ([]rule, string, error), rustKind string) ([]rule, string, error) {
	if src != "" {
		return nil, src, nil
	}
	switch p.compiler {
	case goCompiler:
		return goTargets(p, w)
	case rustCompiler:
		return rustRules(p, w, rustKind)
	case noCompiler:
		return nil, filepath.ToSlash(filepath.Clean(p.unsigned)), nil
	}
	return nil, src, nil
}
