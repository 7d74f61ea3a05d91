package bazelgen

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/bazelbuild/buildtools/build"

	smithy "github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/project"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/upstream"
)

// models are an interface's, and how they are to be taken.
type models struct {
	files         []string // in the folder, slash-separated
	bare          bool
	disabledLints []string
	namespace     string
}

// fromInterfaceMakefile takes the variables of interface.mk, and the codegen.toml that it names.
func (p *project) fromInterfaceMakefile(m *upstream.Makefile) error {
	p.models = &models{}
	var faults []error
	var url string
	for _, v := range []struct {
		name string
		into *string
	}{{"PROJECT", &p.name}, {"VERSION", &p.version}, {"REG_URL", &url}} {
		if v.name != "PROJECT" && !m.Has(v.name) {
			continue
		}
		var err error
		*v.into, err = m.Word(v.name)
		faults = append(faults, err)
	}
	if target, err := m.Word("go_target"); err == nil && target == "" {
		faults = append(faults, fmt.Errorf("%s: go_target is empty, and wasmcloud_interface writes Go code", p.source))
	}
	config := "codegen.toml"
	if m.Has("codegen_config") {
		var err error
		config, err = m.Word("codegen_config")
		faults = append(faults, err)
	}
	if err := errors.Join(append(faults, p.toolFlags(m))...); err != nil {
		return err // all at once: --set is given for each
	}
	if url != "" {
		var err error
		if p.push, err = parseReference(url); err != nil {
			return fmt.Errorf("%s: REG_URL: %w", p.source, err)
		}
	}
	return p.findModels(filepath.Join(p.dir, filepath.FromSlash(config)))
}

// toolFlags takes what the attributes of the rule can say. Another flag may not be lost in silence.
func (p *project) toolFlags(m *upstream.Makefile) error {
	for _, v := range []struct {
		variable, flag string
		into           func(value string)
	}{
		{"VALIDATE_FLAGS", "--bare-messages", nil},
		{"LINT_FLAGS", "--disable", func(value string) {
			p.models.disabledLints = append(p.models.disabledLints, strings.Split(value, ",")...)
		}},
		{"GEN_FLAGS", "--namespace", func(value string) { p.models.namespace = value }},
	} {
		if !m.Has(v.variable) {
			continue
		}
		flags, err := m.List(v.variable)
		if err != nil {
			return err
		}
		for i := 0; i < len(flags); i++ {
			value, joined := strings.CutPrefix(flags[i], v.flag+"=")
			switch {
			case v.into == nil && flags[i] == v.flag:
				p.models.bare = true
			case v.into != nil && joined:
				v.into(value)
			case v.into != nil && flags[i] == v.flag && i+1 < len(flags):
				i++
				v.into(flags[i])
			default:
				return fmt.Errorf("%s: %s has %s: bazelgen knows %s only; give the rest to the rule by hand, and --set %s=", p.source, v.variable, flags[i], v.flag, v.variable)
			}
		}
	}
	return nil
}

// findModels takes what codegen.toml names in the folder. What it names elsewhere no build fetches, and what
// lies in other folders is other targets'.
func (p *project) findModels(config string) error {
	const cure = "write a wasmcloud_interface for that, and name it in the `deps` of this one by hand"
	elsewhere, err := smithy.Elsewhere(config)
	if err != nil {
		return err
	}
	if len(elsewhere) > 0 {
		return fmt.Errorf("%s names models at %s, and a build fetches none: %s", config, elsewhere[0], cure)
	}
	files, err := smithy.Local(config)
	if err != nil {
		return err
	}
	for _, file := range files {
		rel, err := filepath.Rel(p.dir, file)
		if err != nil || !filepath.IsLocal(rel) {
			return fmt.Errorf("%s names %s, outside of this folder: %s", config, file, cure)
		}
		p.models.files = append(p.models.files, filepath.ToSlash(rel))
	}
	if len(files) == 0 {
		return fmt.Errorf("%s names no models", config)
	}
	return nil
}

// interfaceRules gives the targets of an interface: its models, the Go package written from them, and the
// tests of that.
func interfaceRules(p *project, w *workspace, src string) ([]rule, error) {
	if src != "" {
		return nil, fmt.Errorf("--src %s: %s is an interface's, which has no wasm", src, p.source)
	}
	mod, err := findGoMod(p.dir)
	if err != nil {
		return nil, err
	}
	public := attr{name: "visibility", value: stringList([]string{"//visibility:public"}), once: true}
	r := rule{kind: "wasmcloud_interface", file: w.label(ourModule, "//rules:interface.bzl"), name: p.name}
	r.list("srcs", p.models.files...)
	if p.models.bare {
		r.expr("bare_messages", &build.Ident{Name: "True"})
	}
	r.list("disable_lints", p.models.disabledLints...)
	r.str("namespace", p.models.namespace)
	// The package's name is its folder's, as in Make.
	r.str("package", p.name)
	r.pushTo(p.push)
	r.str("version", p.version)
	if path.Base(w.pkg(p.dir)) != p.name {
		r.attrs = append(r.attrs, attr{name: "short_names", value: &build.Ident{Name: "True"}, once: true})
	}
	r.attrs = append(r.attrs, public)

	file := w.label(goModule, "//go:def.bzl")
	library := rule{kind: "go_library", file: file, name: interfaceLibrary(p.name)}
	library.list("srcs", ":"+p.name)
	library.str("importpath", mod.importPath(filepath.Join(p.dir, p.name)))
	deps, testDeps, err := p.generatedDeps(mod, w)
	if err != nil {
		return nil, err
	}
	library.list("deps", deps...)
	library.attrs = append(library.attrs, public)
	test := rule{kind: "go_test", file: file, name: p.name + "_test"}
	test.attrs = append(test.attrs, attr{name: "size", value: &build.StringExpr{Value: "small"}, once: true})
	test.list("srcs", ":"+p.name+".tests")
	test.list("embed", ":"+library.name)
	test.list("deps", testDeps...)
	return []rule{r, library, test}, nil
}

// generatedDeps gives the labels of what the code needs that Make has written, and of what its tests need. Before
// Make has run they are what most interfaces need.
func (p *project) generatedDeps(mod *goMod, w *workspace) (deps, testDeps []string, err error) {
	files, err := goFiles(filepath.Join(p.dir, p.name), hosts())
	if err != nil {
		return nil, nil, err
	}
	if len(files) == 0 {
		return []string{w.label(ourModule, "//sdk/actor/msgpack")}, nil, nil
	}
	imports := map[bool]map[string]bool{false: {}, true: {}}
	for _, f := range files {
		maps.Copy(imports[f.test], f.imports)
	}
	if deps, err = mod.labels(imports[false], w); err != nil {
		return nil, nil, err
	}
	testDeps, err = mod.labels(imports[true], w)
	return deps, testDeps, err
}

func interfaceLibrary(project string) string { return project + "_go" }

// interfaceLabel gives the label of a package that an interface's code is, or "". dir is the package's
// folder, which Make writes and Bazel does not look at.
func interfaceLabel(dir, pkg string) string {
	file := filepath.Join(filepath.Dir(dir), "Makefile")
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	m, err := upstream.ReadMakefile(file, text, nil)
	if err != nil || m.Include != upstream.InterfaceInclude {
		return ""
	}
	name, err := m.Word("PROJECT")
	if err != nil || name != filepath.Base(dir) {
		return ""
	}
	return "//" + strings.TrimPrefix(path.Dir(pkg), ".") + ":" + interfaceLibrary(name)
}
