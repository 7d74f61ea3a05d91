package scaffold

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud"
)

// The Make includes as a folder of a project: copied as a whole, with the version of the tools
// they are for in finder, and a list of their sums, by which an edit is known.
const (
	copied   = "make"
	finder   = "wasmcloud.mk"
	sumsFile = "SHA256SUMS"
)

// ourSign is in each of our own includes.
const ourSign = "_wm_"

// pinned is the line that names the version.
var pinned = regexp.MustCompile(`(?m)^_wm_version := (v[0-9]\S*)$`)

// copyIncludes gives the folder with the includes of this tool, for tools of a version; "" is the
// version that the includes name themselves.
func copyIncludes(version string) ([]file, error) {
	files, err := readIncludes(rules_wasmcloud.Files, includes)
	if err != nil {
		return nil, err
	}
	for i, f := range files {
		if version != "" && f.path == finder {
			files[i].data = pinned.ReplaceAll(f.data, []byte("_wm_version := "+version))
		}
	}
	files = append(files, sumsOf(files))
	for i := range files {
		files[i].path = copied + "/" + files[i].path
	}
	return files, nil
}

// readIncludes reads a folder of includes, in the order of their names.
func readIncludes(from fs.FS, dir string) (files []file, err error) {
	entries, err := fs.ReadDir(from, dir)
	if err != nil {
		return nil, fmt.Errorf("reading the includes: %w", err)
	}
	for _, e := range entries {
		if path.Ext(e.Name()) != ".mk" {
			continue
		}
		data, err := fs.ReadFile(from, path.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("reading the includes: %w", err)
		}
		files = append(files, file{path: e.Name(), data: data})
	}
	if versionOf(files) == "" {
		return nil, fmt.Errorf("no includes of rules_wasmcloud: no %s that names a version", finder)
	}
	return files, nil
}

func versionOf(files []file) string {
	for _, f := range files {
		if m := pinned.FindSubmatch(f.data); f.path == finder && m != nil {
			return string(m[1])
		}
	}
	return ""
}

// sumsOf is the list that `sha256sum -c` reads.
func sumsOf(files []file) file {
	var list bytes.Buffer
	for _, f := range files {
		fmt.Fprintf(&list, "%x  %s\n", sha256.Sum256(f.data), f.path)
	}
	return file{path: sumsFile, data: list.Bytes()}
}

// editedIncludes names those that differ from the list that came with them. Without a list nobody can tell.
func editedIncludes(dir string, files []file) (edited []string, err error) {
	text, err := os.ReadFile(filepath.Join(dir, sumsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s has no %s, so it cannot be told whether somebody edited the includes: compare them with those of their version (%s), "+
			"and replace them by FORCE=1, which keeps each that is replaced beside the new one", dir, sumsFile, versionOf(files))
	}
	if err != nil {
		return nil, err
	}
	listed := strings.Split(string(text), "\n")
	for _, f := range files {
		if !slices.Contains(listed, fmt.Sprintf("%x  %s", sha256.Sum256(f.data), f.path)) {
			edited = append(edited, f.path)
		}
	}
	return edited, nil
}

// includes copies ours below the adopted folder, for Makefiles that name them there.
func (p *plan) includes() error {
	if p.from.checkout != "" || len(p.projects) == 0 {
		return nil
	}
	files, err := copyIncludes(p.from.version)
	if err != nil {
		return err
	}
	for _, f := range files {
		old, err := os.ReadFile(filepath.Join(p.root, filepath.FromSlash(f.path)))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			p.changes = append(p.changes, change{path: f.path, new: f.data, mode: 0o644})
		case err != nil:
			return fmt.Errorf("looking for %s: %w", f.path, err)
		case !bytes.Equal(old, f.data) && bytes.Contains(old, []byte(ourSign)):
			return fmt.Errorf("%s is that of another version, or edited: run `make upgrade` in a project that includes it, and adopt again", filepath.Join(p.root, f.path))
		case !bytes.Equal(old, f.data):
			return fmt.Errorf("%s is somebody else's: the includes are copied into the folder %s; move it away, or use a checkout by --checkout", filepath.Join(p.root, f.path), copied)
		}
	}
	return nil
}

// includeText is one of the includes, by its name.
func includeText(name string) ([]byte, error) {
	return fs.ReadFile(rules_wasmcloud.Files, path.Join(includes, name))
}
