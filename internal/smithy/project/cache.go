package project

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
)

// Cache keeps models that were fetched, in the folder that wash uses and `drain
// smithy` clears: HOST/NAME.HASH.EXT below smithy in the user's cache folder.
type Cache struct {
	Dir string
	// Download fetches what an http or https URL names.
	Download func(ctx context.Context, at *url.URL) ([]byte, error)
	// Pull fetches the layer of a bundle of models from an OCI registry; nil: none can be had.
	Pull    func(ctx context.Context, reference string) ([]byte, error)
	Now     func() time.Time
	Offline bool                             // never fetch
	Forever bool                             // kept files do not grow old (SMITHY_CACHE=NO_EXPIRE)
	Note    func(format string, args ...any) // tells that an old file is used
}

const (
	lifetime   = 24 * time.Hour // wash's
	fetchLimit = 30 * time.Second
)

// CacheDir is the folder for fetched models.
func CacheDir(env func(string) string) (string, error) {
	base, parts := env("XDG_CACHE_HOME"), []string{}
	switch {
	case runtime.GOOS == "windows":
		base = env("LOCALAPPDATA")
	case runtime.GOOS == "darwin":
		base, parts = env("HOME"), []string{"Library", "Caches"}
	case base == "":
		base, parts = env("HOME"), []string{".cache"}
	}
	if !filepath.IsAbs(base) {
		return "", errors.New("no place for fetched models: set HOME, or XDG_CACHE_HOME to an absolute path")
	}
	return filepath.Join(append(append([]string{base}, parts...), "smithy")...), nil
}

// Get gives a model from the cache, or fetches it. Where it cannot be fetched
// anew an old one will do.
func (c *Cache) Get(ctx context.Context, at *url.URL) ([]byte, error) {
	name := c.path(at)
	data, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the cache of models: %w", err)
	}
	kept := err == nil
	if kept && (c.Offline || c.Forever || pinned(at) || !moves(at) && c.fresh(name)) {
		return data, nil
	}
	if c.Offline {
		return nil, fmt.Errorf("%s was never fetched, and --offline is given: fetch it once without", at)
	}
	fetched, err := c.fetch(ctx, at)
	if err != nil {
		if kept && ctx.Err() == nil {
			c.Note("note: %v: the copy in the cache is used", err)
			return data, nil
		}
		return nil, err
	}
	if err := fsx.WriteFile(name, 0o644, func(w io.Writer) error { _, err := w.Write(fetched); return err }); err != nil {
		c.Note("note: %s is not kept: %v", at, err)
	}
	return fetched, nil
}

func (c *Cache) fresh(name string) bool {
	info, err := os.Stat(name)
	return err == nil && c.Now().Sub(info.ModTime()) < lifetime
}

// pinned tells whether what is there can never be something else.
func pinned(at *url.URL) bool { return at.Scheme == ociScheme && strings.Contains(at.Path, "@sha256:") }

// moves tells whether a tag is likely to be something else by now: that of a
// registry on this machine, where an interface is pushed again and again.
func moves(at *url.URL) bool {
	ip := net.ParseIP(at.Hostname())
	return at.Scheme == ociScheme && (at.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// path names the file of a URL; the hash keeps apart what has one name.
func (c *Cache) path(at *url.URL) string {
	sum := sha256.Sum256([]byte(at.String()))
	base := path.Base(at.Path)
	ext := path.Ext(base)
	return filepath.Join(c.Dir, safe(at.Host), safe(strings.TrimSuffix(base, ext))+"."+hex.EncodeToString(sum[:8])+safe(ext))
}

// safe makes part of a URL part of a file's name.
func safe(s string) string {
	out := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z' || strings.ContainsRune("._-", r) {
			return r
		}
		return '_'
	}, s)
	if strings.Trim(out, ".") == "" {
		return "_" + out
	}
	return out
}

func (c *Cache) fetch(ctx context.Context, at *url.URL) ([]byte, error) {
	if at.Scheme == ociScheme {
		return c.pull(ctx, at)
	}
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	return c.Download(ctx, at)
}

func (c *Cache) pull(ctx context.Context, at *url.URL) ([]byte, error) {
	if c.Pull == nil {
		return nil, fmt.Errorf("%s is in a registry, and nothing here reads those", at)
	}
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	data, err := c.Pull(ctx, at.Host+at.Path)
	if err != nil {
		return nil, fmt.Errorf("fetching models: %w", err)
	}
	return data, nil
}
