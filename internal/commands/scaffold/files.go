package scaffold

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud"
)

// file is one of a new project.
type file struct {
	path string // slash-separated
	data []byte
}

func paths(files []file) []string {
	out := make([]string, len(files))
	for i, f := range files {
		out[i] = f.path
	}
	return out
}

// Where the template and the includes lie in the repository.
const (
	template = "examples/echo"
	includes = "rules/make"
)

// actorFiles makes a project from the template.
func actorFiles(n name, from module) ([]file, error) {
	files := []file{
		{path: ".gitignore", data: []byte("/build/\n*.nk\n")},
		{path: "go.mod", data: goMod(n, from)},
	}
	err := walk(template, func(rel string, data []byte) {
		data = rename(data, n)
		if rel == "Makefile" {
			data = makefile(data, n, from)
		}
		files = append(files, file{path: rel, data: data})
	})
	if err == nil && from.checkout == "" {
		err = walk(includes, func(rel string, data []byte) {
			files = append(files, file{path: path.Join("make", rel), data: data})
		})
	}
	return files, err
}

func walk(dir string, visit func(rel string, data []byte)) error {
	return fs.WalkDir(rules_wasmcloud.Files, dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := fs.ReadFile(rules_wasmcloud.Files, p)
		if err == nil {
			visit(strings.TrimPrefix(p, dir+"/"), data)
		}
		return err
	})
}

var templateName = regexp.MustCompile(`\becho(_s)?\b`)

// rename gives the template's texts the project's name.
func rename(data []byte, n name) []byte {
	return templateName.ReplaceAll(data, []byte(n.project+"$1"))
}

// makefile sets the variables that are not just the name, and where the includes are.
func makefile(data []byte, n name, from module) []byte {
	var out bytes.Buffer
	for line := range strings.Lines(string(data)) {
		switch {
		case strings.HasPrefix(line, "ACTOR_ALIAS"):
			line = "ACTOR_ALIAS = " + n.alias + "\n"
			if n.given != n.project {
				line = "ACTOR_NAME  = " + n.given + "\n" + line
			}
		case strings.HasPrefix(line, "include ") && from.checkout != "":
			line = "include " + filepath.ToSlash(from.checkout) + "/" + includes + "/actor.mk\n"
		case strings.HasPrefix(line, "include "):
			line = "# The version of the tools; the folder make/ came with it.\nRULES_WASMCLOUD = " + from.version + "\n\ninclude make/actor.mk\n"
		}
		out.WriteString(line)
	}
	return out.Bytes()
}

// goMod writes the module of the project. Its path is only a name: nobody imports a main package.
func goMod(n name, from module) []byte {
	version := from.version
	if from.checkout != "" {
		version = "v0.0.0"
	}
	text := fmt.Sprintf("module example.com/%s\n\ngo %s\n\nrequire %s %s\n", n.project, goVersion, modulePath, version)
	if from.checkout != "" {
		text += fmt.Sprintf("\n// This machine's sources; drop the line to use a released version.\nreplace %s => %s\n", modulePath, filepath.ToSlash(from.checkout))
	}
	return []byte(text)
}

// create writes the files into a folder that it makes. If that fails, the folder is gone again.
func create(ctx context.Context, dir string, files []file) (err error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("making the folder above %s: %w", dir, err)
	}
	err = os.Mkdir(dir, 0o755) // which fails on anything that is there already
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already: remove it, or name another folder by --dir: %w", dir, err)
	}
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := filepath.Join(dir, filepath.FromSlash(f.path))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(p, f.data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
