package devhost

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// The key of compiled actors stays the same, apart from the cache, until somebody else could know it.
func TestCompiledKey(t *testing.T) {
	state := t.TempDir()
	s := &cli.IO{Env: func(name string) string {
		return map[string]string{"XDG_STATE_HOME": state, "WASMCLOUD_CACHE": "/nowhere"}[name]
	}}
	file := filepath.Join(state, "rules_wasmcloud", "compiled.key")
	get := func() []byte {
		t.Helper()
		key, err := compiledKey(s)
		check(t, err)
		info, err := os.Lstat(file)
		check(t, err)
		if len(key) != compiledKeySize || info.Mode() != 0o600 {
			t.Errorf("a key of %d bytes in a file of mode %v", len(key), info.Mode())
		}
		return key
	}
	last := get()
	if !bytes.Equal(get(), last) {
		t.Error("each host has a key of its own")
	}
	for what, spoil := range map[string]func() error{
		"others can read it": func() error { return os.Chmod(file, 0o644) },
		"it is cut off":      func() error { return os.Truncate(file, 5) },
		"it is gone":         func() error { return os.Remove(file) },
	} {
		check(t, spoil())
		now := get()
		if bytes.Equal(now, last) {
			t.Errorf("%s, and it is still used", what)
		}
		last = now
	}
	none := &cli.IO{Env: func(string) string { return "" }}
	if _, err := compiledKey(none); err == nil {
		t.Error("without a place there is a key")
	}
}
