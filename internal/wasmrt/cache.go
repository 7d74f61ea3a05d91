package wasmrt

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/tetratelabs/wazero"
)

// sealSuffix ends the name of the file that vouches for the one without it.
const sealSuffix = ".seal"

// codeCache is the engine's folder of compiled modules. What lies there is run as native code,
// and the engine checks no more than a CRC. So each entry has a seal that only who knows the key
// can make: a cache that was restored, copied or tampered with holds nothing that is loaded.
type codeCache struct {
	wazero.CompilationCache
	dir string
	key []byte

	mu     sync.Mutex        // one compilation at a time: an entry's name is the engine's secret
	sealed map[string]string // entries by the hash of their module
}

// openCache opens the part of a folder that belongs to the key, and removes from it what has no seal.
func openCache(dir string, key []byte) (*codeCache, error) {
	if len(key) == 0 {
		return nil, errors.New("the folder of compiled actors needs a key: its entries would be run unchecked")
	}
	owned, id := dir, sha256.Sum256(key)
	c := &codeCache{dir: filepath.Join(dir, hex.EncodeToString(id[:8])), key: key, sealed: map[string]string{}}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of compiled actors: %w", err)
	}
	for _, dir := range []string{owned, c.dir} {
		if err := checkFolder(dir); err != nil {
			return nil, err
		}
	}
	var err error
	if c.CompilationCache, err = wazero.NewCompilationCacheWithDir(c.dir); err != nil {
		return nil, fmt.Errorf("opening the folder of compiled actors: %w", err)
	}
	return c, c.sweep()
}

func checkFolder(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("looking at the folder of compiled actors: %w", err)
	}
	// Windows has no such bits; there the folder inherits the user's profile protection.
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("folder of compiled actors %s has mode %v and would run what others put there: "+
			"chmod 700 it, or name another: %w", dir, info.Mode().Perm(), fs.ErrPermission)
	}
	if !ownedByUs(info) {
		return fmt.Errorf("folder of compiled actors %s belongs to somebody else: name one of your own: %w", dir, fs.ErrPermission)
	}
	return nil
}

// sweep removes the entries that nobody vouches for, and remembers the others. It reads no
// entry, of which there may be many: that is done before one is used.
func (c *codeCache) sweep() error {
	entries, err := c.entries()
	for _, path := range entries {
		s, err := c.readSeal(path)
		if info, e := os.Lstat(path); err != nil || e != nil || !ours(info) {
			_ = c.remove(path) // or it stays unknown, and is found again at the next start
			continue
		}
		c.sealed[s.Module] = path
	}
	return err
}

// entries lists the files that are no seals.
func (c *codeCache) entries() ([]string, error) {
	all, err := filepath.Glob(filepath.Join(c.dir, "*", "*"))
	out := all[:0]
	for _, path := range all {
		if !strings.HasSuffix(path, sealSuffix) && !strings.HasSuffix(path, ".tmp") { // another process may be at work
			out = append(out, path)
		}
	}
	return out, err
}

func (c *codeCache) remove(path string) error {
	return errors.Join(os.RemoveAll(path), os.RemoveAll(path+sealSuffix))
}

// compile lets the engine take a module from the folder or put it there.
func (c *codeCache) compile(ctx context.Context, wz wazero.Runtime, wasm []byte) (wazero.CompiledModule, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := sha256.Sum256(wasm)
	module := hex.EncodeToString(sum[:])
	if path := c.sealed[module]; path != "" && c.vet(path) != nil {
		delete(c.sealed, module)
		if err := c.remove(path); err != nil {
			return nil, fmt.Errorf("removing compiled code that is not what was put there: %w", err)
		}
	}
	before, err := c.entries()
	if err != nil {
		return nil, err
	}
	compiled, err := wz.CompileModule(ctx, wasm)
	if err == nil && c.sealed[module] == "" {
		_ = c.sealNew(before, module) // without a seal it is compiled again after the next start
	}
	return compiled, err
}

// vet compares an entry with its seal.
func (c *codeCache) vet(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	s, err := c.readSeal(path)
	if err != nil {
		return err
	}
	sum, err := sumOf(path)
	if err != nil {
		return err
	}
	if s.Sum != sum || !ours(info) {
		return fmt.Errorf("%s: %w", path, fs.ErrPermission)
	}
	return nil
}

// ours says whether nobody else can have had a hand in a file.
func ours(info fs.FileInfo) bool {
	return info.Mode().IsRegular() && ownedByUs(info) && (runtime.GOOS == "windows" || info.Mode().Perm()&0o022 == 0)
}

// sealNew vouches for the entry that was not there before. Several are those of another process.
func (c *codeCache) sealNew(before []string, module string) error {
	known := map[string]bool{}
	for _, path := range before {
		known[path] = true
	}
	after, err := c.entries()
	if err != nil {
		return err
	}
	var fresh []string
	for _, path := range after {
		if !known[path] {
			fresh = append(fresh, path)
		}
	}
	if len(fresh) != 1 {
		return nil
	}
	if err := c.writeSeal(fresh[0], module); err != nil {
		return err
	}
	c.sealed[module] = fresh[0]
	return nil
}

// seal says of which module an entry is the code, and what its bytes are.
type seal struct {
	Module string `json:"module"` // SHA-256 in hex, as the other two
	Sum    string `json:"sum"`
	Proof  string `json:"proof"` // by the key, of the entry's name and the other two
}

// readSeal gives the seal of an entry if it was made with the key.
func (c *codeCache) readSeal(path string) (s seal, err error) {
	text, err := os.ReadFile(path + sealSuffix)
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err == nil && !hmac.Equal([]byte(s.Proof), []byte(c.prove(path, s))) {
		err = fmt.Errorf("the seal of %s: %w", path, fs.ErrPermission)
	}
	return s, err
}

func (c *codeCache) writeSeal(path, module string) error {
	sum, err := sumOf(path)
	if err != nil {
		return err
	}
	s := seal{Module: module, Sum: sum}
	s.Proof = c.prove(path, s)
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return os.WriteFile(path+sealSuffix, text, 0o600)
}

func (c *codeCache) prove(path string, s seal) string {
	h := hmac.New(sha256.New, c.key)
	fmt.Fprintf(h, "%q %q %q", filepath.Base(path), s.Module, s.Sum)
	return hex.EncodeToString(h.Sum(nil))
}

func sumOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}
