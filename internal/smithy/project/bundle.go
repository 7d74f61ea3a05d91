package project

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/bundle"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/core"
)

const ociScheme = "oci"

// LoadBundle reads a published interface, and what that needs. Its models are
// those that count as the user's own.
func LoadBundle(ctx context.Context, cache *Cache, reference string) (*Project, error) {
	p := &Project{}
	if err := p.bundled(ctx, cache, reference, nil, true); err != nil {
		return nil, err
	}
	p.addCore()
	return p, nil
}

// bundled adds the models of a bundle, or the named ones, and what its own
// codegen.toml names elsewhere: who uses an interface need not know what it uses.
func (p *Project) bundled(ctx context.Context, cache *Cache, reference string, files []string, own bool) error {
	at, err := url.Parse(ociScheme + "://" + reference)
	if err != nil || at.Host == "" || at.Path == "" || at.RawQuery != "" || at.Fragment != "" {
		return fmt.Errorf("%q is no reference: want HOST/NAME:TAG", reference)
	}
	if slices.Contains(p.bundles, at.String()) {
		return nil
	}
	p.bundles = append(p.bundles, at.String())
	data, err := cache.Get(ctx, at)
	if err != nil {
		return err
	}
	return p.unpacked(ctx, cache, at.String(), data, files, own)
}

// LoadPacked reads a bundle in a file, and what that needs, as LoadBundle does.
func LoadPacked(ctx context.Context, cache *Cache, file string) (*Project, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the models: %w", err)
	}
	p := &Project{}
	if err := p.unpacked(ctx, cache, file, data, nil, true); err != nil {
		return nil, err
	}
	p.addCore()
	return p, nil
}

// unpacked adds the models of a bundle that is there already. at says where, for people.
func (p *Project) unpacked(ctx context.Context, cache *Cache, at string, data []byte, files []string, own bool) error {
	content, err := bundle.Read(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	for _, want := range files {
		if !slices.ContainsFunc(content, func(f bundle.File) bool { return f.Name == want }) {
			return fmt.Errorf("%s has no file %s", at, want)
		}
	}
	for _, f := range content[1:] {
		if len(files) > 0 && !slices.Contains(files, f.Name) || core.Read(path.Base(f.Name)) != nil {
			continue
		}
		name := at + "/" + f.Name
		if p.used(name, f.Data) && own {
			p.Own = append(p.Own, name)
		}
	}
	entries, err := parse(at+"/"+bundle.Config, string(content[0].Data))
	if err != nil {
		return err
	}
	return p.away(ctx, cache, entries)
}

// Bundle gives the files of a bundle with the user's own models: those of the
// configuration. What that names elsewhere is named by the bundle too, and is
// not in it.
func (p *Project) Bundle(config string) ([]bundle.File, error) {
	config, entries, err := configuration(config)
	if err != nil {
		return nil, err
	}
	var models []bundle.File
	for _, s := range p.Sources {
		if !p.IsOwn(s.Name) {
			continue
		}
		name, err := filepath.Rel(filepath.Dir(config), s.Name)
		if err != nil || !filepath.IsLocal(name) {
			name = filepath.Base(s.Name) // there is no way out of a bundle
		}
		models = append(models, bundle.File{Name: filepath.ToSlash(name), Data: s.Data})
	}
	return pack(models, slices.DeleteFunc(entries, func(e entry) bool { return e.path != "" })), nil
}

// Pack gives the files of a bundle of these models, which need no others than they and the tool's.
func Pack(models []bundle.File) []bundle.File { return pack(models, nil) }

func pack(models []bundle.File, away []entry) []bundle.File {
	var names []string
	for _, m := range models {
		names = append(names, m.Name)
	}
	slices.Sort(names)
	config := write(append([]entry{{path: ".", files: names}}, away...))
	return append([]bundle.File{{Name: bundle.Config, Data: []byte(config)}}, models...)
}

// write is the opposite of parse.
func write(entries []entry) string {
	var b strings.Builder
	for i, e := range entries {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString("[[models]]\n")
		for _, s := range []struct{ key, value string }{{"path", e.path}, {"url", e.url}, {"oci", e.oci}} {
			if s.value != "" {
				fmt.Fprintf(&b, "%s = %q\n", s.key, s.value)
			}
		}
		if len(e.files) > 0 {
			fmt.Fprintf(&b, "files = [%s]\n", quoted(e.files))
		}
	}
	return b.String()
}

func quoted(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, fmt.Sprintf("%q", s))
	}
	return strings.Join(out, ", ")
}
