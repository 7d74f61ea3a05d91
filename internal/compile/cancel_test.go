//go:build unix

package compile

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A cargo that is told to stop stops, and what its end says is that it was told to.
func TestCancelled(t *testing.T) {
	dir := t.TempDir()
	script := `#!/bin/sh
case $1 in
metadata) echo '{"packages":[{"name":"x","id":"x","manifest_path":"x","targets":[{"name":"x","kind":["cdylib"]}]}]}' ;;
build) : >started; trap 'exit 130' INT; while :; do sleep 0.05; done ;;
esac
`
	if err := os.WriteFile(filepath.Join(dir, "cargo"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := Rust(ctx, RustOptions{Dir: dir, Cargo: []string{filepath.Join(dir, "cargo")}, Log: io.Discard})
		ended <- err
	}()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for range poll.C {
		if exists(filepath.Join(dir, "started")) {
			break
		}
		if ctx.Err() != nil {
			t.Fatal("cargo was not started within a minute")
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("%v; want that it was cancelled", err)
	}
}
