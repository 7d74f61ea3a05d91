package wash

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/upstream"
)

// project is what wasmcloud.toml says, and Cargo.toml where that says nothing.
type project struct {
	upstream.Toml
	file, dir string // of wasmcloud.toml, absolute
	crate     string // of Rust: the library's name
}

// readProject reads wasmcloud.toml. The environment has no say: wash lets
// WASMCLOUD_VERSION, which is for `wash up`, stand for the actor's version.
func readProject(path string) (*project, error) {
	file, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no file or folder %s", path)
	}
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		file = filepath.Join(file, "wasmcloud.toml")
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no wasmcloud.toml in %s", filepath.Dir(file))
		}
	}
	p := &project{file: file, dir: filepath.Dir(file)}
	if err := upstream.ReadToml(file, &p.Toml); err != nil {
		return nil, err
	}
	p.Language, p.Type = strings.ToLower(strings.TrimSpace(p.Language)), strings.ToLower(strings.TrimSpace(p.Type))
	switch p.Type {
	case "actor":
	case "provider", "interface":
		return nil, fmt.Errorf("%s describes a %s, and this builds actors: include %s.mk in a Makefile and run `make`", file, p.Type, p.Type)
	default:
		return nil, fmt.Errorf("%s: the type is %q: want actor", file, p.Type)
	}
	if p.Language == "rust" {
		if err := p.askCargo(); err != nil {
			return nil, err
		}
	}
	if p.Name == "" || p.Version == "" {
		return nil, fmt.Errorf("%s: an actor needs a name and a version", file)
	}
	return p, nil
}

// askCargo fills what wasmcloud.toml leaves out.
func (p *project) askCargo() error {
	cargo, err := upstream.ReadCargo(filepath.Join(p.dir, "Cargo.toml"))
	if errors.Is(err, fs.ErrNotExist) && p.Name != "" && p.Version != "" {
		return nil // a workspace's folder above, maybe: cargo will say
	}
	if err != nil {
		return err
	}
	p.crate = cargo.Crate()
	if p.Name == "" {
		p.Name = cargo.Package.Name
	}
	if p.Version == "" {
		p.Version, err = cargo.Version()
	}
	return err
}

// within is a path of wasmcloud.toml, from whose folder it counts.
func (p *project) within(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(p.dir, path)
}
