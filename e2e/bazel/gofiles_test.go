package bazel

import (
	"cmp"
	"go/build"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	starlark "github.com/bazelbuild/buildtools/build"
)

const modulePath = "github.com/rules-wasmcloud/rules_wasmcloud/"

// Go's own build does not read BUILD files: without this test they would fall behind.
func TestBuildFilesHoldTheGoFiles(t *testing.T) {
	checked := 0
	for _, root := range []string{"internal", "rules", "sdk", "tools"} {
		err := filepath.WalkDir("../../"+root, func(dir string, e os.DirEntry, err error) error {
			if err != nil || !e.IsDir() {
				return err
			}
			if e.Name() == "testdata" {
				return filepath.SkipDir
			}
			files, imports := goPackage(t, dir)
			if len(files) > 0 {
				checked++
				compareLibrary(t, dir, files, imports)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if checked < 20 {
		t.Errorf("%d packages: the walk is wrong", checked)
	}
}

// goPackage gives the files of a package, for whatever system, and its imports of ours.
func goPackage(t *testing.T, dir string) (files, imports []string) {
	t.Helper()
	for _, system := range []string{"linux", "darwin", "windows", "freebsd", "wasip1"} {
		ctx := build.Default
		ctx.GOOS, ctx.GOARCH, ctx.CgoEnabled = system, "amd64", false
		if system == "wasip1" {
			ctx.GOARCH = "wasm"
		}
		p, err := ctx.ImportDir(dir, 0)
		if p == nil || err != nil && len(p.GoFiles) == 0 {
			continue // no Go files here for this system
		}
		files = append(files, p.GoFiles...)
		for _, path := range p.Imports {
			if ours, ok := strings.CutPrefix(path+"/", modulePath); ok {
				imports = append(imports, "//"+cmp.Or(strings.TrimSuffix(ours, "/"), ":rules_wasmcloud"))
			}
		}
	}
	slices.Sort(files)
	slices.Sort(imports)
	return slices.Compact(files), slices.Compact(imports)
}

func compareLibrary(t *testing.T, dir string, files, imports []string) {
	t.Helper()
	name := filepath.Join(dir, "BUILD.bazel")
	body, err := os.ReadFile(name)
	if err != nil {
		t.Errorf("%s holds Go files and no BUILD.bazel: run gazelle", dir)
		return
	}
	f, err := starlark.ParseBuild(name, body)
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range f.Rules("go_library") {
		srcs := rule.AttrStrings("srcs")
		slices.Sort(srcs)
		if !slices.Equal(srcs, files) {
			t.Errorf("%s lists the files %q, and the folder has %q: run gazelle", name, srcs, files)
		}
		deps := texts(rule.Attr("deps"))
		for _, want := range imports {
			if !slices.Contains(deps, want) {
				t.Errorf("%s: the dependency %s is missing: run gazelle", name, want)
			}
		}
		for _, dep := range deps {
			if strings.HasPrefix(dep, "//") && !slices.Contains(imports, dep) {
				t.Errorf("%s: the dependency %s is not imported: run gazelle", name, dep)
			}
		}
	}
}

// texts gives every string of a list, also of one that is chosen by select.
func texts(e starlark.Expr) []string {
	var out []string
	if e == nil {
		return nil
	}
	starlark.Walk(e, func(e starlark.Expr, _ []starlark.Expr) {
		if s, ok := e.(*starlark.StringExpr); ok && s.Value != "//conditions:default" {
			out = append(out, s.Value)
		}
	})
	return out
}
