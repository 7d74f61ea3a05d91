package e2e

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bazelbuild/buildtools/build"
	"github.com/bazelbuild/buildtools/warn"
	"github.com/rogpeppe/go-internal/diff"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/bazelgen"
)

// buildFiles walks the files that Bazel reads, by their paths from the repository's root.
func buildFiles(t *testing.T, do func(file string, text []byte)) {
	t.Helper()
	count := 0
	err := filepath.WalkDir("..", func(file string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := e.Name()
		if e.IsDir() {
			// bazel-bin and its like are links, which are not followed.
			if name != ".." && strings.HasPrefix(name, ".") && name != ".bcr" || name == "testdata" || name == "bin" {
				return fs.SkipDir
			}
			return nil
		}
		starlark := strings.HasSuffix(name, ".bzl") || slices.Contains([]string{"BUILD", "BUILD.bazel", "WORKSPACE", "WORKSPACE.bazel",
			"WORKSPACE.bzlmod", "MODULE.bazel", "REPO.bazel"}, name)
		if !starlark || !e.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(file)
		if err == nil {
			count++
			do(strings.TrimPrefix(filepath.ToSlash(file), "../"), text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if count < 3 {
		t.Fatalf("found %d files: the walk is wrong", count)
	}
}

// parseBuildFile knows of a file what buildifier would: warnings about labels need
// its package.
func parseBuildFile(t *testing.T, file string, text []byte) *build.File {
	t.Helper()
	parsed, err := build.Parse(path.Base(file), text)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	parsed.Path, parsed.Label, parsed.WorkspaceRoot = file, path.Base(file), ".."
	if parsed.Pkg = path.Dir(file); parsed.Pkg == "." {
		parsed.Pkg = ""
	}
	return parsed
}

// reader finds loaded files, for the warnings that look into them.
func reader() *warn.FileReader {
	return warn.NewFileReader(func(file string) ([]byte, error) { return os.ReadFile(filepath.Join("..", file)) })
}

// Files are as buildifier writes them and raise none of its default warnings, which are
// all but unsorted-dict-items: the order of a dictionary's entries may mean something.
// Under -update they are rewritten, with what can be fixed.
func TestBuildFilesPassBuildifier(t *testing.T) {
	update := flag.Lookup("update").Value.String() == "true"
	buildFiles(t, func(file string, text []byte) {
		parsed := parseBuildFile(t, file, text)
		if update {
			warn.FixWarnings(parsed, warn.DefaultWarnings, false, reader())
		}
		for _, f := range warn.FileWarnings(parsed, warn.DefaultWarnings, nil, warn.ModeWarn, reader()) {
			t.Errorf("%s:%d:%d: %s [%s]", file, f.Start.Line, f.Start.LineRune, f.Message, f.Category)
		}
		formatted := build.Format(parsed)
		switch {
		case bytes.Equal(text, formatted):
		case update:
			if err := os.WriteFile(filepath.Join("..", file), formatted, 0o644); err != nil {
				t.Error(err)
			}
		default:
			t.Errorf("%s is not formatted (`go test ./e2e -run BuildFiles -update` does it):\n%s", file, diff.Diff(file, text, "formatted", formatted))
		}
	})
}

// A set of warnings that is empty, or files that are not looked at, would pass too.
func TestBuildifierWarns(t *testing.T) {
	parsed := parseBuildFile(t, "x/defs.bzl", []byte("load(\":y.bzl\", \"unused\")\n\ndef f(x):\n    y = 1 / 2\n"))
	var got []string
	for _, f := range warn.FileWarnings(parsed, warn.DefaultWarnings, nil, warn.ModeWarn, reader()) {
		got = append(got, f.Category)
	}
	for _, want := range []string{"load", "integer-division", "module-docstring", "unused-variable"} {
		if !slices.Contains(got, want) {
			t.Errorf("no warning %s in %v", want, got)
		}
	}
}

func TestBuildFilesPassOurLint(t *testing.T) {
	var out bytes.Buffer
	if code := cli.Main(t.Context(), silent(&out), []string{"lint", ".."}, bazelgen.Command); code != 0 {
		t.Errorf("exit %d\n%s", code, out.Bytes())
	}
}
