// Package project finds the models of an interface: the files that the command
// line names or codegen.toml does, on disk or at a URL, and the core models that
// come with the tool. What is fetched is kept, so that the next run needs no
// network.
package project

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/bundle"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/core"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
)

// Project is what Load found.
type Project struct {
	Sources []model.Source // all files, the core models first
	Own     []string       // names of those that are the user's: from disk

	bundles []string // that were read: they may name each other
}

// IsOwn tells whether a file is the user's.
func (p *Project) IsOwn(name string) bool { return slices.Contains(p.Own, name) }

// Load reads the given files and folders, or those of the configuration if
// there are none. config "" means codegen.toml in the working folder, which need
// not be there if files are named.
func Load(ctx context.Context, cache *Cache, config string, files []string) (*Project, error) {
	p := &Project{}
	optional := config == "" && len(files) > 0
	if config == "" {
		config = "codegen.toml"
	}
	text, err := os.ReadFile(config)
	switch {
	case errors.Is(err, fs.ErrNotExist) && optional:
	case errors.Is(err, fs.ErrNotExist) && len(files) == 0:
		return nil, fmt.Errorf("no model is named and there is no %s: name .smithy files, or write one that lists them", config)
	case err != nil:
		return nil, fmt.Errorf("reading the configuration: %w", err)
	default:
		if err := p.configured(ctx, cache, config, string(text), len(files) == 0); err != nil {
			return nil, err
		}
	}
	for _, f := range files {
		if err := p.local(f); err != nil {
			return nil, err
		}
	}
	if len(p.Own) == 0 {
		return nil, fmt.Errorf("%s names no model on disk", config)
	}
	p.addCore()
	return p, nil
}

// Files reads an interface and those that it uses, all named, from disk.
func Files(own, uses []string) (*Project, error) {
	p := &Project{}
	for _, name := range own {
		if err := p.file(name); err != nil {
			return nil, err
		}
	}
	for _, name := range uses {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading a model: %w", err)
		}
		p.used(name, data)
	}
	p.Own = own
	p.addCore()
	return p, nil
}

// configured adds what codegen.toml names. The files of the command line stand
// in for its own ones.
func (p *Project) configured(ctx context.Context, cache *Cache, config, text string, own bool) error {
	entries, err := parse(config, text)
	if err != nil {
		return err
	}
	if err := p.away(ctx, cache, entries); err != nil || !own {
		return err
	}
	return p.below(config, entries)
}

// Local lists the files on disk that a configuration names; "" means codegen.toml.
func Local(config string) ([]string, error) {
	config, entries, err := configuration(config)
	if err != nil {
		return nil, err
	}
	p := &Project{}
	err = p.below(config, entries)
	return p.Own, err
}

// Elsewhere lists what a configuration names at URLs and in registries, but for the models that come with the tool.
func Elsewhere(config string) ([]string, error) {
	_, entries, err := configuration(config)
	var out []string
	for _, e := range entries {
		if e.oci != "" {
			out = append(out, ociScheme+"://"+e.oci)
		}
		fetched := slices.ContainsFunc(e.files, func(f string) bool { return core.Read(path.Base(f)) == nil })
		if e.url != "" && (fetched || len(e.files) == 0 && core.Read(path.Base(e.url)) == nil) {
			out = append(out, e.url)
		}
	}
	return out, err
}

func configuration(file string) (string, []entry, error) {
	file = cmp.Or(file, bundle.Config)
	text, err := os.ReadFile(file)
	if err != nil {
		return file, nil, fmt.Errorf("reading the configuration: %w", err)
	}
	entries, err := parse(file, string(text))
	return file, entries, err
}

// below adds what is on disk.
func (p *Project) below(config string, entries []entry) error {
	for _, e := range entries {
		if e.path == "" {
			continue
		}
		folder := filepath.Join(filepath.Dir(config), filepath.FromSlash(e.path))
		if len(e.files) == 0 {
			e.files = []string{"."}
		}
		for _, f := range e.files {
			if err := p.local(filepath.Join(folder, filepath.FromSlash(f))); err != nil {
				return fmt.Errorf("%s:%d: %w", config, e.line, err)
			}
		}
	}
	return nil
}

// away adds what is at URLs and in registries.
func (p *Project) away(ctx context.Context, cache *Cache, entries []entry) error {
	for _, e := range entries {
		var err error
		switch {
		case e.url != "":
			err = p.remote(ctx, cache, e)
		case e.oci != "":
			err = p.bundled(ctx, cache, e.oci, e.files, false)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// used adds a model of somebody else's, once: two interfaces may bring along a third.
func (p *Project) used(name string, data []byte) bool {
	if p.has(name) || slices.ContainsFunc(p.Sources, func(s model.Source) bool { return bytes.Equal(s.Data, data) }) {
		return false
	}
	p.Sources = append(p.Sources, model.Source{Name: name, Data: data})
	return true
}

func (p *Project) has(name string) bool {
	return slices.ContainsFunc(p.Sources, func(s model.Source) bool { return s.Name == name })
}

// local adds a file, or the models in a folder and those below it.
func (p *Project) local(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return fmt.Errorf("reading a model: %w", err)
	}
	if !info.IsDir() {
		return p.file(name)
	}
	found := false
	err = filepath.WalkDir(name, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".smithy" {
			return err
		}
		found = true
		return p.file(path)
	})
	if err == nil && !found {
		err = fmt.Errorf("%s has no .smithy file", name)
	}
	return err
}

func (p *Project) file(name string) error {
	if p.has(name) {
		return nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("reading a model: %w", err)
	}
	p.Sources = append(p.Sources, model.Source{Name: name, Data: data})
	p.Own = append(p.Own, name)
	return nil
}

// remote adds files at a URL. The core models are never fetched: they come with
// the tool, and what other places offer under their names is the same interface.
func (p *Project) remote(ctx context.Context, cache *Cache, e entry) error {
	base, err := url.Parse(e.url)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return fmt.Errorf("%s is not a URL of a model: want https://…", e.url)
	}
	files := e.files
	if len(files) == 0 {
		files = []string{path.Base(base.Path)}
		base.Path = path.Dir(base.Path)
	}
	for _, f := range files {
		if core.Read(path.Base(f)) != nil {
			continue
		}
		at := base.JoinPath(f)
		data, err := cache.Get(ctx, at)
		if err != nil {
			return err
		}
		if !p.has(at.String()) {
			p.Sources = append(p.Sources, model.Source{Name: at.String(), Data: data})
		}
	}
	return nil
}

// addCore puts those core models first that are referred to, unless a file
// defines their namespace itself.
func (p *Project) addCore() {
	names := core.Names()
	slices.Reverse(names) // a later one may need an earlier
	for _, name := range names {
		ns := core.Namespace(name)
		refers := func(s model.Source) bool { return strings.Contains(string(s.Data), ns+"#") }
		defines := func(s model.Source) bool { return defined(s, ns) }
		if slices.ContainsFunc(p.Sources, refers) && !slices.ContainsFunc(p.Sources, defines) {
			p.Sources = slices.Insert(p.Sources, 0, model.Source{Name: name, Data: core.Read(name)})
		}
	}
}

// defined tells whether a file defines shapes of a namespace. In a JSON AST a
// shape is an object that begins with its type, as every writer has it.
func defined(s model.Source, ns string) bool {
	if strings.HasSuffix(s.Name, ".json") {
		shape := regexp.MustCompile(`"` + regexp.QuoteMeta(ns) + `#\w+"\s*:\s*\{\s*"type"`)
		return shape.Match(s.Data)
	}
	for line := range strings.Lines(string(s.Data)) {
		if strings.TrimSpace(line) == "namespace "+ns {
			return true
		}
	}
	return false
}
