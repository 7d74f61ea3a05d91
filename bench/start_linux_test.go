package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
)

// Memory is read when native code is there, and not while it is made: that is known by the seals
// in the folder that a host with the bench's environment keeps it in.
func TestWaitsForNativeCode(t *testing.T) {
	b := &bench{dir: t.TempDir()}
	cache, err := fsx.UserCacheDir(func(key string) string {
		for _, v := range b.env() {
			if value, ok := strings.CutPrefix(v, key+"="); ok {
				return value
			}
		}
		return ""
	})
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(cache, "wasm", "0a", "wazero")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"one", "one.seal", "two"} { // two has none yet
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.waitCompiled(t.Context(), 1); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.waitCompiled(ctx, 2); err == nil || !strings.Contains(err.Error(), "1 actors are compiled, not 2") {
		t.Errorf("it went on: %v", err)
	}
}
