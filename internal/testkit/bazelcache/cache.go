// Package bazelcache is a remote cache for Bazel that remembers what was asked of
// it. It speaks Bazel's HTTP protocol: GET, PUT and HEAD of /ac/KEY (an action's
// result) and /cas/KEY (a blob, by its SHA-256).
//
// Tests learn from it what a build fetched and stored, plant false entries as
// someone with write access to the cache could, and search all that it holds for a
// secret. Only tests import it.
package bazelcache

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Kind says which half of the cache an entry is in.
type Kind string

// The two halves.
const (
	Action Kind = "ac"  // action results, a protocol buffer under the action's digest
	Blob   Kind = "cas" // contents under their own digest
)

// Cache is an http.Handler over a folder, laid out like Bazel's --disk_cache.
type Cache struct {
	dir string

	mu  sync.Mutex
	log []Request
}

// New opens a cache in a folder, which may hold entries from before.
func New(dir string) (*Cache, error) {
	for _, kind := range []Kind{Action, Blob} {
		if err := os.MkdirAll(filepath.Join(dir, string(kind)), 0o755); err != nil {
			return nil, fmt.Errorf("opening the cache: %w", err)
		}
	}
	return &Cache{dir: dir}, nil
}

// Serve starts a server for the cache on a free loopback port, until the test
// ends. It returns the value for --remote_cache.
func (c *Cache) Serve(t testing.TB) string {
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return server.URL
}

// ServeHTTP answers Bazel.
func (c *Cache) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kind, key, ok := parsePath(r.URL.Path)
	if !ok {
		http.Error(w, "want /ac/KEY or /cas/KEY, where KEY is 64 lower-case hexadecimal digits", http.StatusBadRequest)
		return
	}
	req := Request{Method: r.Method, Kind: kind, Key: key}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		req.Status, req.Bytes = c.get(w, r, kind, key)
	case http.MethodPut:
		var err error
		req.Status = http.StatusOK
		if req.Bytes, err = c.put(kind, key, r.Body); err != nil {
			req.Status = http.StatusBadRequest
			http.Error(w, err.Error(), req.Status)
		}
	default:
		req.Status = http.StatusMethodNotAllowed
		http.Error(w, "want GET, HEAD or PUT", req.Status)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log = append(c.log, req)
}

func parsePath(p string) (Kind, string, bool) {
	dir, key, _ := strings.Cut(strings.TrimPrefix(p, "/"), "/")
	kind := Kind(dir)
	return kind, key, (kind == Action || kind == Blob) && validKey(key)
}

func validKey(key string) bool {
	return len(key) == 2*sha256.Size && strings.Trim(key, "0123456789abcdef") == ""
}

func (c *Cache) get(w http.ResponseWriter, r *http.Request, kind Kind, key string) (status int, sent int64) {
	f, err := os.Open(c.path(kind, key))
	if err != nil {
		http.NotFound(w, r)
		return http.StatusNotFound, 0
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		w.Header().Set("Content-Length", fmt.Sprint(info.Size()))
	}
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		sent, _ = io.Copy(w, f) // a client that has gone away is not the cache's fault
	}
	return http.StatusOK, sent
}

// put stores an entry whole or not at all. A blob whose bytes are not those of its
// key is refused, as real caches do.
func (c *Cache) put(kind Kind, key string, body io.Reader) (int64, error) {
	file := c.path(kind, key)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return 0, err
	}
	f, err := os.CreateTemp(filepath.Dir(file), "put-*.tmp")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, hash), body)
	if err = errors.Join(err, f.Close()); err != nil {
		return n, err
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); kind == Blob && sum != key {
		return n, fmt.Errorf("these bytes have the digest %s; want %s", sum, key)
	}
	return n, os.Rename(f.Name(), file)
}

func (c *Cache) path(kind Kind, key string) string {
	return filepath.Join(c.dir, string(kind), key[:2], key)
}

// Get returns an entry; the error of one that is not there is fs.ErrNotExist.
func (c *Cache) Get(kind Kind, key string) ([]byte, error) {
	if !validKey(key) {
		return nil, fmt.Errorf("%q is no key: want 64 lower-case hexadecimal digits", key)
	}
	return os.ReadFile(c.path(kind, key))
}

// Replace plants an entry with any bytes, unchecked: what a liar could store.
func (c *Cache) Replace(kind Kind, key string, data []byte) error {
	if !validKey(key) {
		return fmt.Errorf("%q is no key: want 64 lower-case hexadecimal digits", key)
	}
	file := c.path(kind, key)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	// Never through a link to another cache's entry.
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}

// Store adds a blob and returns its digest.
func (c *Cache) Store(data []byte) (string, error) {
	sum := sha256.Sum256(data)
	key := hex.EncodeToString(sum[:])
	return key, c.Replace(Blob, key, data)
}

// Adopt takes over, by links, what another cache has: a folder of the same file
// system, such as that of Bazel's --disk_cache. That cache stays as it is.
func (c *Cache) Adopt(dir string) error {
	for _, kind := range []Kind{Action, Blob} {
		err := filepath.WalkDir(filepath.Join(dir, string(kind)), func(file string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !validKey(e.Name()) {
				return err
			}
			own := c.path(kind, e.Name())
			if err := os.MkdirAll(filepath.Dir(own), 0o755); err != nil {
				return err
			}
			if err := os.Link(file, own); err != nil && !errors.Is(err, fs.ErrExist) {
				return err
			}
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("taking over a cache: %w", err)
		}
	}
	return nil
}

// Keys lists the entries of a kind, sorted.
func (c *Cache) Keys(kind Kind) ([]string, error) {
	var keys []string
	err := filepath.WalkDir(filepath.Join(c.dir, string(kind)), func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && validKey(e.Name()) {
			keys = append(keys, e.Name())
		}
		return err
	})
	return keys, err
}
