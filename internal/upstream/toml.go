package upstream

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/BurntSushi/toml"
)

// Toml is what matters here of wasmcloud.toml, as `wash build` reads it.
type Toml struct {
	Name     string `toml:"name"`
	Language string `toml:"language"`
	Type     string `toml:"type"`
	Version  string `toml:"version"`
	Actor    struct {
		Claims       []string `toml:"claims"`
		Registry     string   `toml:"registry"`
		CallAlias    string   `toml:"call_alias"`
		KeyDirectory string   `toml:"key_directory"`
		WasmTarget   string   `toml:"wasm_target"`
		Filename     string   `toml:"filename"`
		PushInsecure bool     `toml:"push_insecure"`
	} `toml:"actor"`
	Rust struct {
		CargoPath string `toml:"cargo_path"`
	} `toml:"rust"`
	TinyGo struct {
		Path string `toml:"tinygo_path"`
	} `toml:"tinygo"`
}

// SignedFile is where the signed actor is to be: build/STEM_s.wasm, or what filename
// names, from the project's folder; in build if it is a mere name.
func (t *Toml) SignedFile(stem string) string {
	name := cmp.Or(t.Actor.Filename, stem+"_s.wasm")
	if filepath.Ext(name) == "" {
		name += ".wasm"
	}
	if filepath.Base(name) == name {
		name = filepath.Join("build", name)
	}
	return name
}

// Registry is where the actor is pushed to: a host, a host and a folder, or, with a tag,
// the whole reference.
func (t *Toml) Registry() (text string, whole bool) {
	text = strings.TrimSuffix(t.Actor.Registry, "/")
	name := strings.LastIndexByte(text, '/')
	return text, name >= 0 && strings.Contains(text[name:], ":")
}

// ReadToml reads a file; its errors name the line.
func ReadToml(file string, into any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if _, err := toml.Decode(string(text), into); err != nil {
		var at toml.ParseError
		if errors.As(err, &at) {
			return fmt.Errorf("%s:%d:%d: %s", file, at.Position.Line, at.Position.Col, at.Message)
		}
		return fmt.Errorf("reading %s: %w", file, err)
	}
	return nil
}

// Cargo is what matters here of Cargo.toml.
type Cargo struct {
	file    string
	Package struct {
		Name    string `toml:"name"`
		Version any    `toml:"version"` // or a table: workspace = true
		Edition any    `toml:"edition"`
	} `toml:"package"`
	Lib struct {
		Name string `toml:"name"`
	} `toml:"lib"`
	Workspace struct {
		Package struct {
			Version string `toml:"version"`
			Edition string `toml:"edition"`
		} `toml:"package"`
	} `toml:"workspace"`
}

// ReadCargo reads a Cargo.toml.
func ReadCargo(file string) (*Cargo, error) {
	c := &Cargo{file: file}
	return c, ReadToml(file, c)
}

// Version gives the version of the package, its workspace's if it says so.
func (c *Cargo) Version() (string, error) {
	if v, ok := c.Package.Version.(string); ok && v != "" {
		return v, nil
	}
	if inherits(c.Package.Version) {
		if w := c.workspace(); w != nil && w.Workspace.Package.Version != "" {
			return w.Workspace.Package.Version, nil
		}
	}
	return "", fmt.Errorf("%s gives no version", c.file)
}

// Edition defaults to what Cargo takes for a package that says nothing.
func (c *Cargo) Edition() string {
	if e, ok := c.Package.Edition.(string); ok && e != "" {
		return e
	}
	if inherits(c.Package.Edition) {
		if w := c.workspace(); w != nil && w.Workspace.Package.Edition != "" {
			return w.Workspace.Package.Edition
		}
	}
	return "2015"
}

// Crate gives the name of the library, which is that of the wasm file.
func (c *Cargo) Crate() string {
	if c.Lib.Name != "" {
		return c.Lib.Name
	}
	return strings.ReplaceAll(c.Package.Name, "-", "_")
}

func inherits(v any) bool {
	table, ok := v.(map[string]any)
	return ok && table["workspace"] == true
}

// workspace finds the Cargo.toml above that holds the workspace; nil if none does.
func (c *Cargo) workspace() *Cargo {
	dir, err := filepath.Abs(filepath.Dir(c.file))
	if err != nil {
		return nil
	}
	for {
		w, err := ReadCargo(filepath.Join(dir, "Cargo.toml"))
		if err == nil && (w.Workspace.Package.Version != "" || w.Workspace.Package.Edition != "") {
			return w
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil
		}
		dir = parent
	}
}
