package compile

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// metadata is what matters here of `cargo metadata --no-deps`: the workspace's packages, in format 1
// (https://doc.rust-lang.org/cargo/commands/cargo-metadata.html).
type metadata struct {
	Packages []struct {
		Name         string
		ID           string
		ManifestPath string `json:"manifest_path"`
		Targets      []cargoTarget
	}
	TargetDirectory string `json:"target_directory"`
}

// cargoTarget is a library or executable of a package.
type cargoTarget struct {
	Name string
	Kind []string
}

// crate is what is to be built.
type crate struct {
	pkg, id string
	own     bool // of the package in whose folder cargo runs
	target  cargoTarget
}

func (c *crate) String() string {
	if c.pkg == c.target.Name {
		return c.pkg
	}
	return fmt.Sprintf("%s (package %s)", c.target.Name, c.pkg)
}

func (c *crate) executable() bool { return slices.Contains(c.target.Kind, "bin") }

// flags make cargo build this alone: another package of the workspace may be one that
// no wasm can be made of.
func (c *crate) flags() (flags []string) {
	if !c.own {
		flags = append(flags, "-p", c.pkg)
	}
	if c.executable() {
		return append(flags, "--bin", c.target.Name)
	}
	return append(flags, "--lib")
}

func (o *RustOptions) metadata(ctx context.Context) (*metadata, error) {
	ask := *o
	if strings.TrimSuffix(filepath.Base(o.Cargo[0]), ".exe") == "cross" {
		ask.Cargo = []string{"cargo"} // which knows the folder as it is outside of the container
	}
	cmd := ask.command(ctx, "metadata", "--no-deps", "--format-version", "1")
	out, err := cmd.Output()
	if err != nil {
		return nil, ask.explain(ctx, "", failed("cargo metadata", err))
	}
	var m metadata
	if err := json.Unmarshal(out, &m); err != nil {
		return nil, fmt.Errorf("reading what cargo metadata says: %w", err)
	}
	return &m, nil
}

// choose finds the library that becomes a wasm, or the executable: the one of this name, in this folder's package
// first; else the only one.
func (m *metadata) choose(o *RustOptions) (*crate, error) {
	all := m.crates(o)
	own := slices.DeleteFunc(slices.Clone(all), func(c *crate) bool { return !c.own })
	for _, group := range [][]*crate{own, all} {
		for _, c := range group {
			if o.Name != "" && underscored(c.target.Name) == underscored(o.Name) {
				return c, nil
			}
		}
	}
	if len(own) > 0 {
		all = own
	}
	if libraries := slices.DeleteFunc(slices.Clone(all), (*crate).executable); len(libraries) > 0 {
		all = libraries // a workspace's executables are hardly meant for wasm
	}
	what, cure := "a wasm", `a library with crate-type = ["cdylib"] under [lib] in its Cargo.toml`
	if o.Executable {
		what, cure = "an executable", "src/main.rs, or [[bin]] in its Cargo.toml"
	}
	switch len(all) {
	case 1:
		return all[0], nil
	case 0:
		return nil, fmt.Errorf("no package in %s makes %s: wanted is %s", o.Dir, what, cure)
	}
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = c.String()
	}
	called := "no name says which is meant"
	if o.Name != "" {
		called = fmt.Sprintf("none is called %q", o.Name)
	}
	return nil, fmt.Errorf("in %s more than one package makes %s, and %s (--name, in a Makefile PROJECT): %s", o.Dir, what, called, strings.Join(names, ", "))
}

func underscored(name string) string { return strings.ReplaceAll(name, "-", "_") }

// crates lists what could be meant: for a wasm the libraries of kind cdylib, and a package's
// executables where it has no such library.
func (m *metadata) crates(o *RustOptions) (all []*crate) {
	for _, p := range m.Packages {
		own := sameFile(p.ManifestPath, filepath.Join(o.Dir, "Cargo.toml"))
		var libraries, executables []*crate
		for _, t := range p.Targets {
			c := &crate{pkg: p.Name, id: p.ID, own: own, target: t}
			switch {
			case slices.Contains(t.Kind, "cdylib"):
				libraries = append(libraries, c)
			case c.executable():
				executables = append(executables, c)
			}
		}
		if o.Executable || len(libraries) == 0 {
			libraries = executables
		}
		all = append(all, libraries...)
	}
	return all
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// message is a line of cargo's JSON (https://doc.rust-lang.org/cargo/reference/external-tools.html).
type message struct {
	Reason     string
	PackageID  string `json:"package_id"`
	Target     cargoTarget
	Filenames  []string
	Executable string
}

// build runs cargo, and gives the files that it says it made of the crate.
func (o *RustOptions) build(ctx context.Context, args []string, want *crate) ([]string, error) {
	cmd := o.command(ctx, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, failed("cargo", err)
	}
	made, read := readMessages(out, o.Log, want)
	_, _ = io.Copy(io.Discard, out) // a full pipe would keep it from ending
	if err := cmd.Wait(); err != nil {
		return nil, errors.Join(ctx.Err(), failed("cargo build", err))
	}
	return made, read
}

// readMessages collects files. Lines that are no messages come from build scripts and wrappers, and are for people.
func readMessages(r io.Reader, people io.Writer, want *crate) (made []string, err error) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		var m message
		switch {
		case len(bytes.TrimSpace(line)) == 0:
		case line[0] != '{' || json.Unmarshal(line, &m) != nil:
			_, _ = people.Write(line)
		case m.Reason == "compiler-artifact" && m.PackageID == want.id && m.Target.Name == want.target.Name && slices.Equal(m.Target.Kind, want.target.Kind):
			made = m.Filenames
			if m.Executable != "" {
				made = []string{m.Executable}
			}
		}
		if errors.Is(err, io.EOF) {
			return made, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading cargo's messages: %w", err)
		}
	}
}
