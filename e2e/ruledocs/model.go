package ruledocs

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/bazelbuild/buildtools/build"
)

// Kind says what a symbol is.
type Kind string

// What the rules offer.
const (
	Rule       Kind = "rule"
	Executable Kind = "executable rule, for `bazel run`"
	Test       Kind = "test rule"
	Macro      Kind = "macro"
	Provider   Kind = "provider"
	Repository Kind = "repository rule"
	Extension  Kind = "module extension"
	Tag        Kind = "tag"
	Constant   Kind = "constant"
	Flag       Kind = "flag"
)

// Symbol is something with a name that users may write.
type Symbol struct {
	Name, Doc string
	Kind      Kind
	Value     string // of a constant, or the default of a flag, as Starlark; where an extension is had
	Type      string // of a flag
	Params    []Param
	Tags      []Symbol // of an extension
	home      string   // file and name of its definition
}

// Param is an attribute of a rule, a parameter of a macro, or a field of a provider.
type Param struct {
	Name, Doc, Type string
	Default         string // as Starlark; "" for none
	Required        bool
	Extra           string // values or providers that are asked for
}

// Page is a public file of the rules.
type Page struct {
	Topic   string // the file's name without .bzl
	File    string // from the repository's root
	Load    string // the label that users load; "" if nothing is loaded
	Doc     string
	Symbols []Symbol
	// Same names symbols here that another page describes, and that page's topic.
	Same [][2]string
}

// Read reads what is public under rules/ of a repository: the .bzl files that lie there,
// and the flags.
func Read(root fs.FS) ([]Page, error) {
	r := &reader{root: root, files: map[string]*file{}}
	names, err := fs.Glob(root, "rules/*.bzl")
	if err != nil {
		return nil, err
	}
	// The file with everything comes last: it repeats what topics describe.
	slices.SortStableFunc(names, func(a, b string) int {
		return strings.Compare(strings.Replace(a, "/defs.bzl", "/~", 1), strings.Replace(b, "/defs.bzl", "/~", 1))
	})
	described := map[string]string{}
	var pages []Page
	for _, name := range names {
		topic := strings.TrimSuffix(path.Base(name), ".bzl")
		page, err := r.page(name, topic, described)
		if err != nil {
			return nil, err
		}
		page.Load = "@rules_wasmcloud//rules:" + path.Base(name)
		for i := range page.Symbols {
			if page.Symbols[i].Kind == Extension {
				page.Symbols[i].Value = page.Load
			}
		}
		pages = append(pages, *page)
	}
	flags, err := r.flags("rules/settings/BUILD.bazel")
	if err != nil {
		return nil, err
	}
	return append(pages, *flags), nil
}

// page describes the public symbols of a file, save those in described.
func (r *reader) page(name, topic string, described map[string]string) (*Page, error) {
	f, err := r.open(name)
	if err != nil {
		return nil, err
	}
	page := &Page{Topic: topic, File: name, Doc: f.doc}
	for _, symbol := range f.order {
		if strings.HasPrefix(symbol, "_") {
			continue
		}
		s, err := r.symbol(f, symbol)
		if err != nil {
			return nil, err
		}
		if at, ok := described[s.home]; ok {
			page.Same = append(page.Same, [2]string{symbol, at})
			continue
		}
		described[s.home] = topic
		page.Symbols = append(page.Symbols, *s)
	}
	slices.SortStableFunc(page.Symbols, func(a, b Symbol) int { return strings.Compare(a.Name, b.Name) })
	return page, nil
}

func (r *reader) symbol(f *file, name string) (*Symbol, error) {
	d, err := r.follow(f, name)
	if err != nil {
		return nil, err
	}
	s := &Symbol{Name: name, home: d.file.name + " " + d.name}
	switch node := d.node.(type) {
	case *build.DefStmt:
		return s, s.macro(node)
	case *build.CallExpr:
		return s, r.made(s, d.file, node, d.comment)
	}
	s.Kind, s.Doc, s.Value = Constant, d.comment, oneLine(d.node)
	return s, nil
}

// made describes what a call makes: a rule, a provider and so on.
func (r *reader) made(s *Symbol, f *file, call *build.CallExpr, comment string) error {
	args := arguments(call)
	s.Doc = dedent(r.text(f, args["doc"]))
	var err error
	switch function := oneLine(call.X); function {
	case "rule":
		s.Kind = Rule
		if isTrue(args["test"]) {
			s.Kind = Test
		} else if isTrue(args["executable"]) {
			s.Kind = Executable
		}
		s.Params, err = r.attributes(f, args["attrs"])
		s.Params = append([]Param{{Name: "name", Type: "name", Required: true, Doc: "The target's name."}}, s.Params...)
	case "repository_rule":
		s.Kind = Repository
		s.Params, err = r.attributes(f, args["attrs"])
		s.Params = append([]Param{{Name: "name", Type: "name", Required: true, Doc: "The repository's name."}}, s.Params...)
	case "provider":
		s.Kind = Provider
		s.Params, err = r.fields(f, args["fields"])
	case "module_extension":
		s.Kind = Extension
		s.Tags, err = r.tags(f, args["tag_classes"])
	default: // such as str(Label(…))
		s.Kind, s.Doc, s.Value = Constant, comment, oneLine(call)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	return nil
}

// attributes lists those that users may set. name is not one of them in the source.
func (r *reader) attributes(f *file, dict build.Expr) ([]Param, error) {
	if dict == nil {
		return nil, nil
	}
	all, err := r.entries(f, dict)
	if err != nil {
		return nil, err
	}
	var params []Param
	for _, e := range all {
		if strings.HasPrefix(e.key, "_") {
			continue
		}
		call, ok := e.value.(*build.CallExpr)
		kind, isAttr := strings.CutPrefix(oneLine(callee(call)), "attr.")
		if !ok || !isAttr {
			return nil, fmt.Errorf("%s: attribute %s is %s, not a call of attr.…", f.name, e.key, oneLine(e.value))
		}
		args := arguments(call)
		p := Param{Name: e.key, Type: strings.ReplaceAll(kind, "_", " "), Doc: dedent(r.text(e.file, args["doc"])), Required: isTrue(args["mandatory"])}
		if !p.Required {
			if p.Default = defaults[kind]; args["default"] != nil {
				p.Default = oneLine(args["default"])
			}
		}
		if v := args["values"]; v != nil {
			p.Extra = "One of " + oneLine(v) + "."
		}
		if v := args["providers"]; v != nil {
			p.Extra = "Needs " + strings.Trim(oneLine(v), "[]") + "."
		}
		params = append(params, p)
	}
	slices.SortFunc(params, func(a, b Param) int { return strings.Compare(a.Name, b.Name) })
	return params, nil
}

// defaults are Bazel's own, of attributes that name none.
var defaults = map[string]string{"bool": "False", "int": "0", "label": "None", "label_list": "[]", "label_keyed_string_dict": "{}",
	"string": `""`, "string_dict": "{}", "string_list": "[]", "string_list_dict": "{}", "output": "None"}

func (r *reader) fields(f *file, dict build.Expr) ([]Param, error) {
	if dict == nil {
		return nil, errors.New("a provider whose fields are not said")
	}
	all, err := r.entries(f, dict)
	var params []Param
	for _, e := range all {
		kind, doc, ok := strings.Cut(r.text(e.file, e.value), ": ")
		if !ok {
			kind, doc = "", kind
		}
		params = append(params, Param{Name: e.key, Type: kind, Doc: doc})
	}
	return params, err
}

func (r *reader) tags(f *file, dict build.Expr) ([]Symbol, error) {
	if dict == nil {
		return nil, nil
	}
	all, err := r.entries(f, dict)
	if err != nil {
		return nil, err
	}
	var tags []Symbol
	for _, e := range all {
		call, ok := e.value.(*build.CallExpr)
		if !ok || oneLine(call.X) != "tag_class" {
			return nil, fmt.Errorf("%s: tag %s is not a tag_class", f.name, e.key)
		}
		args := arguments(call)
		params, err := r.attributes(e.file, args["attrs"])
		if err != nil {
			return nil, err
		}
		tags = append(tags, Symbol{Name: e.key, Kind: Tag, Doc: dedent(r.text(e.file, args["doc"])), Params: params})
	}
	slices.SortFunc(tags, func(a, b Symbol) int { return strings.Compare(a.Name, b.Name) })
	return tags, nil
}

// flags reads the build settings of a BUILD file; the comment above one is its doc.
func (r *reader) flags(name string) (*Page, error) {
	text, err := fs.ReadFile(r.root, name)
	if err != nil {
		return nil, err
	}
	parsed, err := build.ParseBuild(name, text)
	if err != nil {
		return nil, err
	}
	page := &Page{Topic: "settings", File: name, Doc: "Flags of a build: `--@rules_wasmcloud//rules/settings:NAME=VALUE`, on the command line or in a .bazelrc."}
	for _, stmt := range parsed.Stmt {
		call, ok := stmt.(*build.CallExpr)
		if !ok || !strings.HasSuffix(oneLine(call.X), "_flag") {
			continue
		}
		args := arguments(call)
		if args["build_setting_default"] == nil { // rules of ours that carry Bazel's own flags
			continue
		}
		s := Symbol{Kind: Flag, Name: r.text(&file{}, args["name"]), Type: strings.TrimSuffix(oneLine(call.X), "_flag"), Doc: comment(call),
			Value: oneLine(args["build_setting_default"])}
		if v := args["values"]; v != nil {
			s.Type = "one of " + oneLine(v)
		}
		page.Symbols = append(page.Symbols, s)
	}
	return page, nil
}

func arguments(call *build.CallExpr) map[string]build.Expr {
	args := map[string]build.Expr{}
	for _, a := range call.List {
		if assign, ok := a.(*build.AssignExpr); ok {
			if id, ok := assign.LHS.(*build.Ident); ok {
				args[id.Name] = assign.RHS
			}
		}
	}
	return args
}

func callee(call *build.CallExpr) build.Expr {
	if call == nil {
		return nil
	}
	return call.X
}

func isTrue(e build.Expr) bool { return oneLine(e) == "True" }

// oneLine writes an expression without line breaks.
func oneLine(e build.Expr) string {
	if e == nil {
		return ""
	}
	text := strings.Join(strings.Fields(build.FormatString(e)), " ")
	return strings.NewReplacer("[ ", "[", ", ]", "]", " ]", "]", "{ ", "{", ", }", "}", "( ", "(", ", )", ")").Replace(text)
}
