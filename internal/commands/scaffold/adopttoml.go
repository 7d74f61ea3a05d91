package scaffold

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/upstream"
)

// fromToml is what a project is adopted from that includes nothing.
const fromToml = "wasmcloud.toml"

// tomlProject writes the Makefile of a project that `wash build` built.
func (p *plan) tomlProject(ctx context.Context, dir string) error {
	file := filepath.Join(dir, fromToml)
	rel := p.rel(file)
	var t upstream.Toml
	err := upstream.ReadToml(file, &t)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		p.leave(rel, 0, "%s", strings.TrimPrefix(err.Error(), file+":"))
		return nil
	case t.Type != "actor":
		p.leave(rel, 0, "its type is %q, which `wash build` never built: `scaffold new %s` shows how it is done here", t.Type, cmp.Or(t.Type, kindActor))
		return nil
	case t.Language != "rust" && t.Language != "tinygo":
		p.leave(rel, 0, "its language is %q: want rust or tinygo, as `wash build` does", t.Language)
		return nil
	}
	text, err := p.makefileOf(dir, &t)
	if err != nil {
		p.leave(rel, 0, "%v", err)
		return nil
	}
	if t.Actor.PushInsecure {
		p.leave(rel, 0, "push_insecure: `make push` speaks plain HTTP to registries of this machine without it, and to another if WASMCLOUD_OCI_ALLOWED_INSECURE names it")
	}
	a := adoption{Makefile: p.rel(filepath.Join(dir, "Makefile")), Kind: kindActor, From: fromToml, To: p.ours(dir, "actor.mk")}
	new, err := p.identify(ctx, &a, dir, text, text, strings.LastIndex(string(text), "\ninclude ")+1)
	if err != nil {
		return err
	}
	p.changes = append(p.changes, change{path: a.Makefile, new: new, mode: 0o644})
	p.projects = append(p.projects, a)
	return nil
}

func (p *plan) makefileOf(dir string, t *upstream.Toml) ([]byte, error) {
	project, name := t.Name, t.Name
	if t.Language == "rust" { // wash takes what is missing from Cargo.toml, and names the file by the library
		cargo, err := upstream.ReadCargo(filepath.Join(dir, "Cargo.toml"))
		if err != nil {
			return nil, err
		}
		project, name = cargo.Crate(), cmp.Or(t.Name, cargo.Package.Name)
		if t.Version == "" {
			if t.Version, err = cargo.Version(); err != nil {
				return nil, err
			}
		}
	}
	if project == "" || t.Version == "" {
		return nil, errors.New("it gives no name, or no version")
	}
	dist, server, reference := "", "", ""
	if t.Actor.Filename != "" {
		dist = filepath.ToSlash(t.SignedFile(""))
	}
	if registry, whole := t.Registry(); whole {
		reference = registry
	} else {
		server = registry
	}
	var out strings.Builder
	out.WriteString("# What wasmcloud.toml says, which is not read any more.\n")
	for _, v := range []struct{ name, value string }{
		{"PROJECT", project},
		{"VERSION", t.Version},
		{"CLAIMS", strings.Join(t.Actor.Claims, " ")},
		{"ACTOR_NAME", name},
		{"ACTOR_ALIAS", t.Actor.CallAlias},
		{"KEYDIR", t.Actor.KeyDirectory},
		{"REG_SERVER", server},
		{"REG_URL", reference},
		{"DIST_WASM", dist},
		{"WASM_TARGET", t.Actor.WasmTarget},
		{"CARGO", t.Rust.CargoPath},
		{"TINYGO", t.TinyGo.Path},
	} {
		if v.value == "" {
			continue
		}
		value, err := quoted(v.name, v.value)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "%-11s = %s\n", v.name, value)
	}
	fmt.Fprintf(&out, "\ninclude %s\n", p.ours(dir, "actor.mk"))
	return []byte(out.String()), nil
}

var plainValue = regexp.MustCompile(`^[A-Za-z0-9_.:/@+-]+( [A-Za-z0-9_.:/@+-]+)*$`)

// quoted writes a value for make and for the shell that make hands it to. Only names are texts: of the
// other values one is a list, and the rest are words, or become files' names.
func quoted(name, value string) (string, error) {
	switch {
	case name != "ACTOR_NAME" && !plainValue.MatchString(value), name != "ACTOR_NAME" && name != "CLAIMS" && strings.Contains(value, " "):
		return "", fmt.Errorf("%s would be %q: a Makefile cannot say that", name, value)
	case name != "ACTOR_NAME" || plainValue.MatchString(value) && !strings.Contains(value, " "):
		return value, nil
	case strings.ContainsAny(value, "\r\n"):
		return "", fmt.Errorf("the name %q has more than one line: a Makefile cannot say that", value)
	}
	value = "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
	return strings.NewReplacer("$", "$$", "#", `\#`).Replace(value), nil
}
