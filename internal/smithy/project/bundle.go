package project

import (
	"bytes"
	"cmp"
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
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
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
		name := at.String() + "/" + f.Name
		p.Sources = append(p.Sources, model.Source{Name: name, Data: f.Data})
		if own {
			p.Own = append(p.Own, name)
		}
	}
	entries, err := parse(at.String()+"/"+bundle.Config, string(content[0].Data))
	if err != nil {
		return err
	}
	return p.away(ctx, cache, entries)
}

// Bundle gives the files of a bundle with the user's own models: those of the
// configuration. What that names elsewhere is named by the bundle too, and is
// not in it.
func (p *Project) Bundle(config string) ([]bundle.File, error) {
	config = cmp.Or(config, bundle.Config)
	text, err := os.ReadFile(config)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	entries, err := parse(config, string(text))
	if err != nil {
		return nil, err
	}
	var files []bundle.File
	var names []string
	for _, s := range p.Sources {
		if !p.IsOwn(s.Name) {
			continue
		}
		name, err := filepath.Rel(filepath.Dir(config), s.Name)
		if err != nil || !filepath.IsLocal(name) {
			name = filepath.Base(s.Name) // there is no way out of a bundle
		}
		name = filepath.ToSlash(name)
		files = append(files, bundle.File{Name: name, Data: s.Data})
		names = append(names, name)
	}
	slices.Sort(names)
	all := []entry{{path: ".", files: names}}
	for _, e := range entries {
		if e.path == "" {
			all = append(all, e)
		}
	}
	return append([]bundle.File{{Name: bundle.Config, Data: []byte(write(all))}}, files...), nil
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
