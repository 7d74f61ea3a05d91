package fsx

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func env(pairs ...string) func(string) string {
	return func(key string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == key {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestUserDirs(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the folders named here are those of Linux")
	}
	for _, c := range []struct {
		dir  func(func(string) string) (string, error)
		env  func(string) string
		want string // a path, or words of the error
	}{
		{UserCacheDir, env("HOME", "/h"), "/h/.cache/rules_wasmcloud"},
		{UserCacheDir, env("HOME", "/h", "XDG_CACHE_HOME", "/x"), "/x/rules_wasmcloud"},
		{UserCacheDir, env("WASMCLOUD_CACHE", "/w/"), "/w"},
		{UserCacheDir, env(), "HOME is not set; set it, or set WASMCLOUD_CACHE"},
		{UserCacheDir, env("WASMCLOUD_CACHE", "w"), "absolute"},
		{UserCacheDir, env("HOME", "/h", "XDG_CACHE_HOME", "x"), "absolute"},
		{UserStateDir, env("HOME", "/h"), "/h/.local/state/rules_wasmcloud"},
		{UserStateDir, env("HOME", "/h", "XDG_STATE_HOME", "/s"), "/s/rules_wasmcloud"},
		{UserStateDir, env(), "HOME is not set; set it, or set XDG_STATE_HOME"},
	} {
		got, err := c.dir(c.env)
		if err != nil {
			got = err.Error()
		}
		if filepath.IsAbs(c.want) && got != c.want || !strings.Contains(got, c.want) {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestLock(t *testing.T) {
	defer goleak.VerifyNone(t)
	path := filepath.Join(t.TempDir(), "folder", "lock")
	unlock, err := Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		_, err := Lock(ctx, path)
		failed <- err
	}()
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("a second holder: %v", err)
	}
	unlock()
	again, err := Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	again()
}
