package lattice

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
)

// Contexts is the folder that wash keeps contexts in: NAME.json each, and index.json,
// which names the default one. Programs of both kinds read and write it.
type Contexts struct {
	dir  string
	home string // "" if unknown
}

// HostContext is the context that wash makes anew of the running host's file whenever
// it looks; a context of this name has nothing of its own.
const HostContext = "host_config"

const contextIndex = "index.json"

// ContextsIn gives the contexts of a folder; "" is that of a home.
func ContextsIn(dir, home string) (*Contexts, error) {
	if dir == "" && home == "" {
		return nil, errors.New("no folder of contexts: HOME is not set; name one by --directory or WASH_CONTEXTS")
	}
	if dir == "" {
		dir = filepath.Join(home, ".wash", "contexts")
	}
	dir, err := filepath.Abs(dir)
	return &Contexts{dir, home}, err
}

// Dir is the folder, which need not exist.
func (c *Contexts) Dir() string { return c.dir }

// Path is the file of a context, whether it exists or not.
func (c *Contexts) Path(name string) string { return filepath.Join(c.dir, name+".json") }

// List names the contexts, sorted. The host's is among them always.
func (c *Contexts) List() ([]string, error) {
	entries, err := os.ReadDir(c.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listing contexts: %w", err)
	}
	names := []string{HostContext}
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".json"); ok && e.Name() != contextIndex && name != HostContext {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Default names the context that is used when none is named.
func (c *Contexts) Default() (string, error) {
	var index struct {
		Name string `json:"name"`
	}
	path := filepath.Join(c.dir, contextIndex)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return HostContext, nil
	}
	if err == nil && len(strings.TrimSpace(string(text))) == 0 {
		return HostContext, nil // wash empties it when it is told to use a context that is not there
	}
	if err == nil {
		err = json.Unmarshal(text, &index)
	}
	if err != nil {
		return "", fmt.Errorf("the default context in %s: %w", path, err)
	}
	return index.Name, nil
}

// SetDefault makes an existing context the default.
func (c *Contexts) SetDefault(name string) error {
	if err := c.known(name); err != nil {
		return err
	}
	return fsx.WriteFile(filepath.Join(c.dir, contextIndex), 0o600, func(w io.Writer) error {
		return json.NewEncoder(w).Encode(map[string]string{"name": name})
	})
}

// Create writes a new context.
func (c *Contexts) Create(name string, config HostConfig) error {
	path := c.Path(name)
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("there is a context %s already (%s): edit it, or delete it first", name, path)
	}
	config.Name = name
	return WriteHostConfig(path, config)
}

// Delete removes a context; if it was the default, the host's is again.
func (c *Contexts) Delete(name string) error {
	if err := c.known(name); err != nil {
		return err
	}
	if err := os.Remove(c.Path(name)); err != nil {
		return fmt.Errorf("deleting the context: %w", err)
	}
	if current, err := c.Default(); err == nil && current == name {
		return os.Remove(filepath.Join(c.dir, contextIndex))
	}
	return nil
}

// Refresh writes the host's context anew, as wash does, for those who want a file.
func (c *Contexts) Refresh() error {
	config := &HostConfig{}
	if c.home != "" {
		found, err := ReadHostConfig(HostConfigPath(c.home))
		if err == nil {
			config = found
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	config.Name = HostContext
	return WriteHostConfig(c.Path(HostContext), *config)
}

func (c *Contexts) known(name string) error {
	names, err := c.List()
	if err == nil && !slices.Contains(names, name) {
		err = fmt.Errorf("Couldn't find context with the name of %s: want one of %s", name, strings.Join(names, ", ")) //nolint:staticcheck // wash's words
	}
	return err
}
