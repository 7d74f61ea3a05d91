package scaffold

import (
	"slices"
	"strings"

	"github.com/bazelbuild/buildtools/build"
)

// Names of the modules that the files load from.
const (
	ourModule = "rules_wasmcloud"
	goModule  = "rules_go"
)

// rulesGo is the version that this repository itself is tested with.
const rulesGo = "0.60.0"

// tree is a file of Bazel's as syntax; buildtools formats it as buildifier would.
type tree struct {
	file  *build.File
	loads map[string][]string // symbols by .bzl file
}

func str(s string) build.Expr     { return &build.StringExpr{Value: s} }
func ident(s string) build.Expr   { return &build.Ident{Name: s} }
func strs(s ...string) build.Expr { return &build.ListExpr{List: exprs(s)} }

func exprs(texts []string) (out []build.Expr) {
	for _, s := range texts {
		out = append(out, str(s))
	}
	return out
}

// arg is a named argument; text becomes a string.
func arg(name string, value any) build.Expr {
	e, ok := value.(build.Expr)
	if !ok {
		e = str(value.(string))
	}
	return &build.AssignExpr{LHS: ident(name), Op: "=", RHS: e}
}

func call(function string, args ...build.Expr) *build.CallExpr {
	return &build.CallExpr{X: ident(function), List: args}
}

func glob(pattern string) build.Expr { return call("glob", strs(pattern)) }

func (t *tree) add(e ...build.Expr) { t.file.Stmt = append(t.file.Stmt, e...) }

// rule adds a target, a line for each attribute.
func (t *tree) rule(file, kind string, attrs ...build.Expr) {
	t.load(file, kind)
	c := call(kind, attrs...)
	c.ForceMultiLine = true
	t.add(c)
}

func (t *tree) load(file, symbol string) {
	if !slices.Contains(t.loads[file], symbol) {
		t.loads[file] = append(t.loads[file], symbol)
	}
}

// text writes the loads, sorted as buildifier wants them, and then the rest.
func (t *tree) text() []byte {
	var files []string
	for file := range t.loads {
		files = append(files, file)
	}
	slices.Sort(files)
	var loads []build.Expr
	for _, file := range files {
		slices.Sort(t.loads[file])
		l := &build.LoadStmt{Module: &build.StringExpr{Value: file}, ForceCompact: true}
		for _, s := range t.loads[file] {
			l.From = append(l.From, &build.Ident{Name: s})
			l.To = append(l.To, &build.Ident{Name: s})
		}
		loads = append(loads, l)
	}
	t.file.Stmt = append(loads, t.file.Stmt...)
	text := build.Format(t.file)
	// Which statements stand together is decided by the lines they are on, so that needs a second look.
	if parsed, err := build.Parse(t.file.Path, text); err == nil {
		text = build.Format(parsed)
	}
	return text
}

// moduleFile is MODULE.bazel.
func (p *project) moduleFile() []byte {
	t := &tree{file: &build.File{Path: "MODULE.bazel", Type: build.TypeModule}}
	dep := func(name, version string) build.Expr {
		if version == "" {
			return call("bazel_dep", arg("name", name))
		}
		return call("bazel_dep", arg("name", name), arg("version", version))
	}
	t.add(call("module", arg("name", p.Alias)), dep(ourModule, strings.TrimPrefix(p.Version, "v")), dep(goModule, rulesGo))
	if p.Checkout != "" {
		override := call("local_path_override", arg("module_name", ourModule), arg("path", p.Checkout))
		override.ForceMultiLine = true
		override.Comments.Before = []build.Comment{{Token: "# This machine's sources; drop this to use a released version."}}
		t.add(override)
	}
	use := func(file, name string) build.Expr { return call("use_extension", str("@"+file), str(name)) }
	sdk := &build.AssignExpr{LHS: ident("go_sdk"), Op: "=", RHS: use(goModule+"//go:extensions.bzl", "go_sdk")}
	sdk.Comments.Before = []build.Comment{{Token: "# The Go that is installed; the tools are built with it."}}
	t.add(sdk, call("go_sdk.host"))
	return t.text()
}

// buildFile is BUILD.bazel, as bazelgen would write it.
func (p *project) buildFile() []byte {
	t := &tree{file: &build.File{Path: "BUILD.bazel", Type: build.TypeBuild}, loads: map[string][]string{}}
	if p.Kind == kindInterface {
		p.interfaceRules(t)
		return t.text()
	}
	src := p.goRules(t)
	if p.Kind == kindActor {
		p.actorRules(t, src)
	} else {
		p.providerRules(t, src)
	}
	return t.text()
}

func (p *project) actorRules(t *tree, src string) {
	attrs := []build.Expr{arg("name", p.Name), arg("src", src), arg("call_alias", p.Alias), arg("caps", strs("wasmcloud:httpserver", "wasmcloud:builtin:logging"))}
	if p.Given != p.Name {
		attrs = append(attrs, arg("claim_name", p.Given))
	}
	attrs = append(attrs, arg("fix", ident("True")), arg("revision", &build.LiteralExpr{Token: "0"}), arg("short_names", ident("True")), arg("version", "0.1.0"))
	t.rule("@"+ourModule+"//rules:actor.bzl", "wasmcloud_actor", attrs...)
	t.rule("@"+ourModule+"//rules:testing.bzl", "wasmcloud_actor_test",
		arg("name", p.Name+"_cases_test"), arg("actor", ":"+p.Name), arg("cases", glob("cases/*.txtar")))
}

func (p *project) providerRules(t *tree, binary string) {
	attrs := []build.Expr{arg("name", p.Name), arg("binary", binary), arg("capid", p.Contract)}
	if p.Given != p.Name {
		attrs = append(attrs, arg("claim_name", p.Given))
	}
	attrs = append(attrs, arg("short_names", ident("True")), arg("vendor", "example"), arg("version", "0.1.0"))
	t.rule("@"+ourModule+"//rules:provider.bzl", "wasmcloud_provider", attrs...)
	t.rule("@"+ourModule+"//rules:testing.bzl", "wasmcloud_provider_test",
		arg("name", p.Name+"_cases_test"), arg("cases", glob("cases/*.txtar")), arg("provider", ":"+p.Name))
}

// goRules compiles what the folder holds, and gives the label of the result.
func (p *project) goRules(t *tree) string {
	const file = "@" + goModule + "//go:def.bzl"
	sdk := "@" + ourModule + "//sdk/"
	deps, testDeps := []string{sdk + "actor"}, []string{sdk + "actor", sdk + "actor/actortest"}
	if p.Kind == kindProvider {
		deps = []string{sdk + "actor/msgpack", sdk + "provider"}
		testDeps = deps
	}
	library, binary := p.Name+"_lib", p.Name+"_go"
	t.rule(file, "go_library", arg("name", library), arg("srcs", strs("main.go")), arg("importpath", "example.com/"+p.Name), arg("deps", strs(deps...)))
	attrs := []build.Expr{arg("name", binary), arg("embed", strs(":"+library)), arg("gc_linkopts", strs("-s", "-w"))}
	if p.Kind == kindActor {
		attrs = append(attrs, arg("out", binary+".wasm"), arg("goarch", "wasm"), arg("goos", "wasip1"), arg("linkmode", "c-shared"))
	} else {
		attrs = append(attrs, arg("pure", "on"))
	}
	t.rule(file, "go_binary", attrs...)
	t.rule(file, "go_test", arg("name", p.Name+"_test"), arg("srcs", strs("main_test.go")), arg("embed", strs(":"+library)), arg("deps", strs(testDeps...)))
	return ":" + binary
}

// interfaceRules has the models checked and the code written whenever it is compiled.
func (p *project) interfaceRules(t *tree) {
	const file = "@" + goModule + "//go:def.bzl"
	public := arg("visibility", strs("//visibility:public"))
	library := p.Alias + "_go"
	t.rule("@"+ourModule+"//rules:interface.bzl", "wasmcloud_interface", arg("name", p.Alias), arg("srcs", strs(p.Alias+".smithy")), arg("package", p.Alias),
		arg("short_names", ident("True")), arg("version", "0.1.0"), public)
	t.rule(file, "go_library", arg("name", library), arg("srcs", strs(":"+p.Alias)), arg("importpath", "example.com/"+p.Name+"/"+p.Alias), public,
		arg("deps", strs("@"+ourModule+"//sdk/actor/msgpack")))
	t.rule(file, "go_test", arg("name", p.Alias+"_test"), arg("size", "small"), arg("srcs", strs(":"+p.Alias+".tests")), arg("embed", strs(":"+library)))
}
