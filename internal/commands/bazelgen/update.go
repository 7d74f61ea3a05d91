package bazelgen

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/bazelbuild/buildtools/build"
	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/upstream"
)

// What update does with a file that would change.
const (
	modeFix   = "fix"
	modeDiff  = "diff"
	modePrint = "print"
)

type updateResult struct {
	Success bool         `json:"success"` // false in mode diff when a file would change
	Files   []fileResult `json:"files"`
}

type fileResult struct {
	Path    string `json:"path"`
	Source  string `json:"source"` // the Makefile or wasmcloud.toml it was made of
	Changed bool   `json:"changed"`
	Diff    string `json:"diff,omitempty"`

	old, text []byte
}

func updateCommand(s *cli.IO) *cobra.Command {
	var mode, src string
	var set []string
	cmd := &cobra.Command{
		Use:   "update [DIR | DIR/...]...",
		Short: "Write the BUILD file of a project from its Makefile or wasmcloud.toml",
		Long: `Write targets for the actors, providers and interfaces in the folders (default: this
one; DIR/... means every project below DIR): wasmcloud_actor, wasmcloud_provider or
wasmcloud_interface, what compiles it or its code, and its tests.

The Makefile's variables before "include …actor.mk", provider.mk or interface.mk are read;
make is not run, and neither is any $(shell …), except that the version which "cargo
metadata" would print is looked up in Cargo.toml. What only a program can tell is given
by --set. Of an interface codegen.toml says where the models are.

A BUILD file that is there is brought up to date. Rules and attributes that bazelgen
does not write stay, so do values with a "# keep" comment, entries of lists with one,
whole rules with one above them, and values that are more than plain strings and
lists, such as a variable or a select. Claims that the source no longer makes are
taken out; nothing else is ever removed.

Modes: fix writes, diff shows what would be written and exits with 1 if that is
anything, print writes to standard output.`,
		Example: `  bazelgen update
  bazelgen update actors/... --mode diff
  bazelgen update actors/echo --set VERSION=1.2.0 --src //actors/echo:wasm`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := parseOptions(set, src, mode)
			if err != nil {
				return err
			}
			result, err := update(cmd.Context(), s, args, o, mode)
			if err != nil {
				return err
			}
			if err := cli.Print(cmd, s, result, func(w io.Writer) { result.write(w, mode) }); err != nil {
				return err
			}
			if !result.Success {
				return cli.Code(1, nil)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&mode, "mode", modeFix, "what to do: fix, diff or print")
	cmd.Flags().StringVar(&src, "src", "", "the `label` of the wasm or the executable to sign; without it the folder's sources are compiled")
	cmd.Flags().StringArrayVar(&set, "set", nil, "give a Makefile's variable a value, `NAME=VALUE`, whatever the file says; repeatable")
	return cmd
}

func parseOptions(set []string, src, mode string) (options, error) {
	o := options{set: map[string]string{}, src: src}
	if mode != modeFix && mode != modeDiff && mode != modePrint {
		return o, cli.Usage("--mode is %q: want fix, diff or print", mode)
	}
	for _, pair := range set {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || !upstream.IsVariable(name) {
			return o, cli.Usage("--set is %q: want NAME=VALUE", pair)
		}
		// As on make's command line, the value is expanded when it is used.
		o.set[name] = value
	}
	return o, nil
}

// update does nothing to any file unless all projects could be read.
func update(ctx context.Context, s *cli.IO, args []string, o options, mode string) (*updateResult, error) {
	projects, err := findProjects(ctx, args, o)
	if err != nil {
		return nil, err
	}
	result := &updateResult{Success: true, Files: []fileResult{}}
	for _, p := range projects {
		f, notes, err := generate(p, o.src)
		if err != nil {
			return nil, err
		}
		for _, note := range notes {
			cli.Notef(s, "%s", note)
		}
		if f.Changed && mode == modeDiff {
			result.Success = false
			f.Diff = string(diff.Diff(f.Path, f.old, f.Path+" (new)", f.text))
		}
		result.Files = append(result.Files, *f)
	}
	if mode != modeFix {
		return result, nil
	}
	for _, f := range result.Files {
		if f.Changed {
			if err := fsx.WriteFile(f.Path, 0o644, func(w io.Writer) error { _, err := w.Write(f.text); return err }); err != nil {
				return nil, err
			}
		}
	}
	return result, nil
}

func (r *updateResult) write(w io.Writer, mode string) {
	for _, f := range r.Files {
		switch {
		case mode == modePrint:
			fmt.Fprintf(w, "%s", f.text)
		case mode == modeDiff:
			fmt.Fprint(w, f.Diff)
		case f.Changed:
			fmt.Fprintln(w, f.Path)
		}
	}
}

// generate makes the new text of a project's BUILD file.
func generate(p *project, src string) (*fileResult, []string, error) {
	w, err := findWorkspace(p.dir)
	if err != nil {
		return nil, nil, err
	}
	rules, err := rulesFor(p, w, src)
	if err != nil {
		return nil, nil, err
	}
	f := &fileResult{Path: buildFile(p.dir), Source: p.source}
	f.old, err = os.ReadFile(f.Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	parsed, err := build.ParseBuild(f.Path, f.old)
	if err != nil {
		return nil, nil, fmt.Errorf("the BUILD file cannot be read: %w", err)
	}
	m := &merger{file: parsed, notes: p.advice(w)}
	m.merge(rules)
	// A file that needs nothing keeps its bytes, however it is formatted.
	if f.text = f.old; m.changed {
		f.text = build.Format(parsed)
	}
	f.Changed = !bytes.Equal(f.old, f.text)
	return f, m.notes, nil
}

// buildFile is the file to write: the one that is there, as Bazel chooses.
func buildFile(dir string) string {
	for _, name := range []string{"BUILD.bazel", "BUILD"} {
		file := filepath.Join(dir, name)
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			return file
		}
	}
	return filepath.Join(dir, "BUILD.bazel")
}

// advice says what the files do not do by themselves.
func (p *project) advice(w *workspace) []string {
	var out []string
	if w.root == "" {
		out = append(out, fmt.Sprintf("%s is in no Bazel workspace: make a MODULE.bazel with bazel_dep(name = %q, version = …) above it", p.dir, ourModule))
	}
	if p.compiler == rustCompiler && p.provider == nil {
		out = append(out, fmt.Sprintf("%s: rust_shared_library needs a rules_rust toolchain for wasm32-unknown-unknown, and crate_universe's repository as @crates", p.dir))
	}
	return out
}

// findProjects reads the projects in the folders named. A folder that is named must
// hold one; below DIR/... others are passed over.
func findProjects(ctx context.Context, args []string, o options) ([]*project, error) {
	if len(args) == 0 {
		args = []string{"."}
	}
	var out []*project
	for _, arg := range args {
		dir, all := strings.CutSuffix(filepath.ToSlash(arg), "...")
		if !all {
			p, err := readProject(filepath.Clean(arg), o)
			if err != nil {
				return nil, err
			}
			out = append(out, p)
			continue
		}
		below, err := projectsBelow(ctx, filepath.Clean("./"+dir), o)
		if filepath.IsAbs(dir) {
			below, err = projectsBelow(ctx, filepath.Clean(dir), o)
		}
		if err != nil {
			return nil, err
		}
		if len(below) == 0 {
			return nil, fmt.Errorf("no actor or provider below %s: want folders with a wasmcloud.toml, or a Makefile that includes actor.mk or provider.mk", arg)
		}
		out = append(out, below...)
	}
	return out, nil
}

func projectsBelow(ctx context.Context, root string, o options) ([]*project, error) {
	var out []*project
	err := filepath.WalkDir(root, func(dir string, e fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || !e.IsDir() {
			return err
		}
		if dir != root && skipped(e.Name()) {
			return fs.SkipDir
		}
		p, err := readProject(dir, o)
		var other *upstream.OtherError
		if errors.Is(err, errNoProject) || errors.As(err, &other) {
			return nil
		}
		if err == nil {
			out = append(out, p)
		}
		return err
	})
	return out, err
}

// skipped: folders that hold no sources of the project. (bazel-out and its like are
// symbolic links, which are not followed.)
func skipped(name string) bool {
	return strings.HasPrefix(name, ".") || name == "node_modules"
}
