package compile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// configured gives the targets that cargo will compile for of its own accord; none if that is its host.
// No stable command of cargo's tells: this reads what cargo documents
// (https://doc.rust-lang.org/cargo/reference/config.html), the nearest first.
func (o *RustOptions) configured() ([]string, error) {
	for i, word := range o.Cargo { // CARGO = cargo --config build.target="…"
		if _, value, ok := strings.Cut(word, "build.target="); ok {
			return []string{strings.Trim(value, `"' `)}, nil
		}
		if word == "--target" && i+1 < len(o.Cargo) {
			return o.Cargo[i+1 : i+2], nil
		}
	}
	if target := o.env("CARGO_BUILD_TARGET"); target != "" {
		return []string{target}, nil
	}
	for dir := o.Dir; ; dir = filepath.Dir(dir) {
		targets, err := fileTargets(filepath.Join(dir, ".cargo"))
		if err != nil || len(targets) > 0 {
			return targets, err
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	home := o.env("CARGO_HOME")
	if home == "" {
		home = filepath.Join(o.env("HOME"), ".cargo")
	}
	return fileTargets(home)
}

func (o *RustOptions) env(name string) string {
	if o.Env == nil {
		return ""
	}
	return o.Env(name)
}

// fileTargets reads build.target, a text or a list of them. Of the two names the older one wins.
func fileTargets(folder string) ([]string, error) {
	for _, name := range []string{"config", "config.toml"} {
		path := filepath.Join(folder, name)
		var config struct {
			Build struct{ Target any }
		}
		_, err := toml.DecodeFile(path, &config)
		switch {
		case errors.Is(err, fs.ErrNotExist), isFolder(path): // ~/.cargo/config is nobody's folder, but may be
			continue
		case err != nil:
			return nil, fmt.Errorf("reading cargo's configuration in %s: %w", path, err)
		}
		return texts(config.Build.Target), nil
	}
	return nil, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func texts(value any) (all []string) {
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		for _, v := range value {
			all = append(all, texts(v)...)
		}
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}
