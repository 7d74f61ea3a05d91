package scaffold

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/rules-wasmcloud/rules_wasmcloud"
)

// Kinds of projects, languages, and build tools.
const (
	kindActor     = "actor"
	kindProvider  = "provider"
	kindInterface = "interface"

	langGo   = "go"
	langRust = "rust"

	buildMake  = "make"
	buildBazel = "bazel"
	buildBoth  = "both"
)

// project is what the templates are filled from.
type project struct {
	Kind, Lang  string
	Make, Bazel bool

	Given    string // the name as it was given
	Name     string // in lower case
	Alias    string // with _ for -
	Type     string // as the name of a type
	Contract string // contract id
	Crate    string // what cargo calls it
	Smithy   string // version of the interface's model

	Module    string // of the SDK
	Version   string // of module and tools; "" with a checkout
	Checkout  string // of this repository, absolute; "" with a version
	Include   string // what the Makefile includes
	GoVersion string
	Requires  []requirement // what the SDK itself needs of other modules
}

func newProject(kind, lang, build, contract string, n name, from module) (*project, error) {
	p := &project{
		Kind: kind, Lang: lang, Make: build != buildBazel, Bazel: build != buildMake,
		Given: n.given, Name: n.project, Alias: n.alias, Type: n.typ, Contract: cmp.Or(contract, "example:"+n.alias),
		Module: modulePath, Version: from.version, Checkout: filepath.ToSlash(from.checkout), GoVersion: goVersion,
	}
	p.Crate, p.Smithy = p.Name, "2"
	if kind == kindInterface && lang == langRust {
		p.Crate += "-interface"
		p.Smithy = "1.0" // which is all that weld-codegen reads
	}
	mk := kind + ".mk"
	if p.Include = "make/" + mk; p.Checkout != "" {
		p.Include = p.Checkout + "/" + includes + "/" + mk
	}
	if kind != kindProvider || lang != langGo {
		return p, nil
	}
	var err error
	p.Requires, err = requires(providerNeeds)
	return p, err
}

// The templates: a folder for each kind and language, with the suffix .tmpl, so that neither Go nor
// cargo nor Bazel takes a file in them for its own; dot- stands for a leading dot, NAME for the alias.
//
//go:embed templates
var templates embed.FS

const includes = "rules/make"

// files makes the project, sorted by nothing in particular.
func (p *project) files() ([]file, error) {
	var files []file
	for _, dir := range []string{"common", p.Kind + "-" + p.Lang} {
		made, err := p.render("templates/" + dir)
		if err != nil {
			return nil, err
		}
		files = append(files, made...)
	}
	if p.Lang == langGo && p.Checkout != "" && len(p.Requires) > 0 {
		sums, err := goSum(p.Requires)
		if err != nil {
			return nil, err
		}
		files = append(files, file{path: "go.sum", data: sums})
	}
	if p.Bazel {
		files = append(files, file{path: "MODULE.bazel", data: p.moduleFile()}, file{path: "BUILD.bazel", data: p.buildFile()})
		version, err := fs.ReadFile(rules_wasmcloud.Files, ".bazelversion")
		if err != nil {
			return nil, err
		}
		files = append(files, file{path: ".bazelversion", data: version})
	}
	if p.Make && p.Version != "" {
		copied, err := copyIncludes(p.Version)
		if err != nil {
			return nil, err
		}
		files = append(files, copied...)
	}
	return files, nil
}

// wants says whether a template is for this project.
func (p *project) wants(rel string) bool {
	switch rel {
	case "Makefile":
		return p.Make
	case ".bazelrc":
		return p.Bazel
	case "go.mod":
		return p.Lang == langGo
	case "Cargo.lock":
		return p.Lang == langRust
	}
	return true
}

// render fills the templates of a folder.
func (p *project) render(dir string) (files []file, err error) {
	err = fs.WalkDir(templates, dir, func(from string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel := strings.TrimSuffix(strings.TrimPrefix(from, dir+"/"), ".tmpl")
		rel = strings.Replace(rel, "NAME", p.Alias, 1)
		if base, ok := strings.CutPrefix(path.Base(rel), "dot-"); ok {
			rel = path.Join(path.Dir(rel), "."+base)
		}
		if !p.wants(rel) {
			return nil
		}
		t, err := template.New(path.Base(from)).Option("missingkey=error").ParseFS(templates, "templates/partials.tmpl", from)
		if err != nil {
			return err
		}
		var text bytes.Buffer
		if err := t.Execute(&text, p); err != nil {
			return fmt.Errorf("the template %s: %w", from, err)
		}
		if rel == "Cargo.lock" {
			text = *bytes.NewBufferString(sortLock(text.String()))
			if p.Kind == kindInterface {
				rel = "rust/" + rel
			}
		}
		files = append(files, file{path: rel, data: text.Bytes()})
		return nil
	})
	return files, err
}

// sortLock brings the packages of a Cargo.lock into cargo's order, in which the project has its place
// by its name.
func sortLock(text string) string {
	const begin = "\n[[package]]\n"
	packages := strings.Split(strings.TrimRight(text, "\n"), begin)
	for i := range packages {
		packages[i] = strings.TrimRight(packages[i], "\n") + "\n"
	}
	slices.SortStableFunc(packages[1:], func(a, b string) int {
		a, _, _ = strings.Cut(a, "\n")
		b, _, _ = strings.Cut(b, "\n")
		return strings.Compare(strings.TrimRight(a, `"`), strings.TrimRight(b, `"`))
	})
	return strings.Join(packages, begin)
}
