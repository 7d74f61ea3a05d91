// Package bazel is what a tool needs to know of Bazel when a rule runs it: the
// JSON file that says what this target does (its spec), the files that came along
// (its runfiles), and the values of a stamped build.
//
// An executable target is a symbolic link to a tool, with NAME.spec.json beside it.
// There is no wrapper script: nothing to quote, and the same on every system.
package bazel

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/bazelbuild/rules_go/go/runfiles"
)

// ErrNoSpec says that the running program is the tool itself, not a target of a rule.
var ErrNoSpec = errors.New("no spec file belongs to this program")

const (
	specSuffix = ".spec.json"
	// As many links as Linux follows for one path.
	mostLinks = 40
)

// Program is a running executable target.
type Program struct {
	spec string
	root root
}

// Find looks for the spec of the program that was started as arg0 (os.Args[0]). It
// goes from what the user called along its symbolic links and takes the first file
// with a spec beside it, so that an alias or a copied link does what its target
// does; then it searches the runfiles of each of those. Without a spec the error
// is ErrNoSpec. env is os.Getenv.
func Find(arg0 string, env func(string) string) (*Program, error) {
	chain, err := links(arg0)
	if err != nil {
		return nil, err
	}
	p := &Program{root: findRoot(chain, env)}
	for _, file := range chain {
		for _, name := range names(file) {
			if regular(name + specSuffix) {
				p.spec = name + specSuffix
				return p, nil
			}
		}
	}
	for _, file := range chain {
		if p.spec, err = searchRunfiles(file); err != nil || p.spec != "" {
			return p, err
		}
	}
	return nil, fmt.Errorf("%s: %w", arg0, ErrNoSpec)
}

// links gives the absolute path of arg0 and of each symbolic link's target from
// there on. Only the last element of a path is followed: bazel-bin, a link too,
// stays in the path, and so does a runfiles tree.
func links(arg0 string) ([]string, error) {
	file, err := exec.LookPath(arg0)
	// A program in the current folder was found all the same: it is running.
	if err != nil && !errors.Is(err, exec.ErrDot) {
		return nil, fmt.Errorf("finding the program %q: %w", arg0, err)
	}
	if file, err = filepath.Abs(file); err != nil {
		return nil, fmt.Errorf("finding the program %q: %w", arg0, err)
	}
	chain := []string{file}
	for range mostLinks {
		target, err := os.Readlink(file)
		if err != nil {
			return chain, nil // the end: not a link
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(file), target)
		}
		file = target
		chain = append(chain, file)
	}
	return nil, fmt.Errorf("finding the program %q: more than %d symbolic links, which must be a circle", arg0, mostLinks)
}

// names gives what a spec may be called after: the file, and on Windows the file
// without .exe, which rules do not write into labels.
func names(file string) []string {
	if bare, ok := strings.CutSuffix(file, ".exe"); ok {
		return []string{file, bare}
	}
	return []string{file}
}

// searchRunfiles finds the spec in the program's own runfiles, at whatever path.
// Other programs' runfiles (RUNFILES_DIR is inherited) are not searched: a big
// test's tree is slow to walk and may hold a spec of the same name.
func searchRunfiles(file string) (string, error) {
	own := ownRoot(file)
	if own == nil {
		return "", nil
	}
	files, err := own.open()
	if err != nil {
		return "", err
	}
	var found []string
	err = fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		for _, n := range names(filepath.Base(file)) {
			if path.Base(name) == n+specSuffix && !e.IsDir() {
				found = append(found, name)
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return "", fmt.Errorf("searching %s for the spec file: %w", own.where, err)
	case len(found) == 0:
		return "", nil
	case len(found) > 1:
		return "", fmt.Errorf("%s holds more than one spec file for this program: %s; keep it beside the program instead",
			own.where, strings.Join(found, ", "))
	}
	return files.Rlocation(found[0])
}

// Spec reads the spec file into a struct. A member that the struct does not have
// is an error: rules and tool are then of different versions.
func (p *Program) Spec(into any) error {
	f, err := os.Open(p.spec)
	if err != nil {
		return fmt.Errorf("opening the spec file: %w", err)
	}
	defer f.Close()
	d := json.NewDecoder(f)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("reading the spec file %s (is the tool of another version than the rules?): %w", p.spec, err)
	}
	if d.More() {
		return fmt.Errorf("reading the spec file %s: more than one JSON value in it", p.spec)
	}
	return nil
}

// Runfile gives the path of a file that came along, from its rlocation path:
// "_main/actor/echo_s.wasm". The error of a missing file names it and the tree.
func (p *Program) Runfile(rlocation string) (string, error) {
	files, err := p.root.open()
	if err != nil {
		return "", err
	}
	file, err := files.Rlocation(rlocation)
	if err != nil {
		return "", fmt.Errorf("%s has no file %q: %w", p.root.where, rlocation, err)
	}
	if _, err := os.Stat(file); err != nil {
		return "", fmt.Errorf("the file %q is not in %s: run the target by bazel, or build it again: %w", rlocation, p.root.where, err)
	}
	return file, nil
}

func regular(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular()
}

// root is a place where runfiles are, or a manifest that says where they are.
type root struct {
	where    string // for errors; "" when there is no root
	manifest bool
}

// findRoot applies the order of Bazel's own libraries: the environment, then what
// lies beside the program, then the tree that the program is in.
func findRoot(chain []string, env func(string) string) root {
	if file := env("RUNFILES_MANIFEST_FILE"); file != "" {
		return root{where: file, manifest: true}
	}
	if dir := env("RUNFILES_DIR"); dir != "" {
		return root{where: dir}
	}
	for _, file := range chain {
		if own := ownRoot(file); own != nil {
			return *own
		}
	}
	for _, file := range chain {
		for dir := filepath.Dir(file); dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			if strings.HasSuffix(dir, ".runfiles") {
				return root{where: dir}
			}
		}
	}
	return root{}
}

// ownRoot finds the runfiles beside a program. The manifest is taken first, as
// rules_go does: with runfile links switched off the folder is there, and empty.
func ownRoot(file string) *root {
	if manifest := file + ".runfiles_manifest"; regular(manifest) {
		return &root{where: manifest, manifest: true}
	}
	if info, err := os.Stat(file + ".runfiles"); err == nil && info.IsDir() {
		return &root{where: file + ".runfiles"}
	}
	return nil
}

func (r root) open() (*runfiles.Runfiles, error) {
	if r.where == "" {
		return nil, errors.New("this program has no runfiles: neither RUNFILES_DIR nor RUNFILES_MANIFEST_FILE is set, " +
			"and no .runfiles folder lies beside it; run the target by bazel")
	}
	// Specs hold canonical paths, written by rules: no repository's view of apparent
	// names may be applied to them. No repository has this name.
	options := []runfiles.Option{runfiles.SourceRepo("//canonical")}
	if r.manifest {
		options = append(options, runfiles.ManifestFile(r.where))
	} else {
		options = append(options, runfiles.Directory(r.where))
	}
	files, err := runfiles.New(options...)
	if err != nil {
		return nil, fmt.Errorf("opening the runfiles at %s: %w", r.where, err)
	}
	return files, nil
}
