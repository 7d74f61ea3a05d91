package bazelgen

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/bazelbuild/buildtools/build"
)

// workspace is the Bazel workspace that a folder is in, and what it calls others.
type workspace struct {
	root  string // "" when there is none
	names map[string]string
	self  string // the module's own name
}

// The modules that generated files load from.
const (
	ourModule  = "rules_wasmcloud"
	goModule   = "rules_go"
	rustModule = "rules_rust"
)

// findWorkspace goes upward to the workspace and reads by which names it knows the
// rules. A folder in no workspace gets the names that the modules give themselves.
func findWorkspace(dir string) (*workspace, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	for {
		if file := filepath.Join(dir, "MODULE.bazel"); exists(file) {
			return readModule(file)
		}
		for _, name := range []string{"WORKSPACE.bazel", "WORKSPACE"} {
			if exists(filepath.Join(dir, name)) {
				// What rules_go called itself before modules, and its documents still do.
				return &workspace{root: dir, names: map[string]string{goModule: "io_bazel_rules_go"}}, nil
			}
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return &workspace{}, nil
		}
		dir = parent
	}
}

func readModule(file string) (*workspace, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	f, err := build.ParseModule(file, text)
	if err != nil {
		return nil, fmt.Errorf("reading the workspace's module: %w", err)
	}
	w := &workspace{root: filepath.Dir(file), names: map[string]string{}}
	for _, r := range f.Rules("module") {
		w.self = r.AttrString("name")
	}
	for _, r := range f.Rules("bazel_dep") {
		if name := r.AttrString("repo_name"); name != "" {
			w.names[r.AttrString("name")] = name
		}
	}
	return w, nil
}

// label gives a label in another module: label("rules_go", "//go:def.bzl").
func (w *workspace) label(module, target string) string {
	if module == w.self {
		return target
	}
	name := module
	if known := w.names[module]; known != "" {
		name = known
	}
	return "@" + name + target
}

// pkg gives the package of a folder of the workspace: "" for its root.
func (w *workspace) pkg(dir string) string {
	dir, err := filepath.Abs(dir)
	if err != nil || w.root == "" {
		return ""
	}
	rel, err := filepath.Rel(w.root, dir)
	if err != nil || rel == "." || strings.HasPrefix(rel, "..") {
		return ""
	}
	return filepath.ToSlash(rel)
}
