package devhost

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
)

const compiledKeySize = 32

// compiledKey gives the key that vouches for compiled actors, made at the first use. It lies with
// the state and not with the cache: caches are restored from elsewhere, in CI by whoever may
// write them, and what is in this one is run as native code.
func compiledKey(s *cli.IO) ([]byte, error) {
	dir, err := fsx.UserStateDir(s.Env)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "compiled.key")
	if key, err := readCompiledKey(path); err == nil {
		return key, nil
	}
	key := make([]byte, compiledKeySize)
	_, _ = rand.Read(key) // never fails
	err = fsx.WriteFile(path, 0o600, func(w io.Writer) error {
		_, err := w.Write(key)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("keeping the key of compiled actors: %w", err)
	}
	return key, nil
}

// readCompiledKey refuses a key that others could know.
func readCompiledKey(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s: %w", path, fs.ErrPermission)
	}
	key, err := os.ReadFile(path)
	if err == nil && len(key) != compiledKeySize {
		err = errors.New(path + " holds no key")
	}
	return key, err
}
