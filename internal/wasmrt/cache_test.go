package wasmrt_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmrt"
)

// saying is a guest that answers with four letters, which its code chooses: its data are not compiled.
func saying(word string) []byte {
	const all = "somegoodevil"
	g := answering(respond(int32(1024+strings.Index(all, word)), 4))
	g.data = all
	return g.wasm()
}

// answer compiles a module with a cache, and asks it.
func answer(t *testing.T, dir, key string, wasm []byte) string {
	t.Helper()
	rt, err := wasmrt.New(t.Context(), wasmrt.Config{CacheDir: dir, CacheKey: []byte(key), CompileFirst: true})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(t.Context())
	got, err := compile(t, rt, wasm).Call(t.Context(), "Op.X", nil, &fakeHost{})
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

// cached lists the entries of a cache, without their seals.
func cached(t *testing.T, dir string) (entries []string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		if !strings.HasSuffix(path, ".seal") {
			entries = append(entries, path)
		}
	}
	return entries
}

func TestCompiledCodeIsKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache", "compiled")
	var first os.FileInfo
	for range 2 {
		if got := answer(t, dir, "key", saying("some")); got != "some" {
			t.Errorf("got %q", got)
		}
		entries := cached(t, dir)
		if len(entries) != 1 {
			t.Fatalf("the cache holds %v", entries)
		}
		info, err := os.Stat(entries[0])
		if err != nil {
			t.Fatal(err)
		}
		if first != nil && !os.SameFile(first, info) {
			t.Error("the module was compiled again")
		}
		first = info
	}
	if info, err := os.Stat(dir); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Errorf("cache has mode %v, %v", info.Mode(), err)
	}
}

// TestForeignCodeIsNotRun puts other native code where a module's own is kept: the code of
// another module, so that the engine finds nothing wrong with it.
func TestForeignCodeIsNotRun(t *testing.T) {
	good, evil := saying("good"), saying("evil")
	seal := func(path string) string { return path + ".seal" }
	move := func(t *testing.T, from, to string) {
		t.Helper()
		b, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(to, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, plant := range map[string]func(t *testing.T, entry, other string){
		"under its seal":           func(t *testing.T, entry, other string) { move(t, other, entry) },
		"with the other's seal":    func(t *testing.T, entry, other string) { move(t, other, entry); move(t, seal(other), seal(entry)) },
		"without a seal":           func(t *testing.T, entry, other string) { move(t, other, entry); os.Remove(seal(entry)) },
		"with an empty seal":       func(t *testing.T, entry, other string) { move(t, other, entry); os.WriteFile(seal(entry), nil, 0o600) },
		"by a link":                func(t *testing.T, entry, other string) { os.Remove(entry); os.Symlink(other, entry) },
		"cut off":                  func(t *testing.T, entry, _ string) { os.Truncate(entry, 100) },
		"a folder in its place":    func(t *testing.T, entry, _ string) { os.Remove(entry); os.MkdirAll(filepath.Join(entry, "x"), 0o700) },
		"that others may write":    func(t *testing.T, entry, _ string) { os.Chmod(entry, 0o666) },
		"that belongs to somebody": func(t *testing.T, entry, _ string) { os.Chown(entry, 12345, 12345) },
	} {
		t.Run(name, func(t *testing.T) {
			dir, elsewhere := filepath.Join(t.TempDir(), "c"), filepath.Join(t.TempDir(), "c")
			answer(t, dir, "key", good)
			answer(t, elsewhere, "another key", evil) // whoever prepares it does not have ours
			entry, other := cached(t, dir)[0], cached(t, elsewhere)[0]
			plant(t, entry, other)
			if got := answer(t, dir, "key", good); got != "good" {
				t.Errorf("the actor answers %q", got)
			}
			info, err := os.Lstat(entry)
			if err != nil || !info.Mode().IsRegular() || runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0 {
				t.Errorf("afterwards the entry has mode %v, %v", info.Mode(), err)
			}
			if got := answer(t, dir, "key", good); got != "good" {
				t.Errorf("at the next start the actor answers %q", got)
			}
		})
	}
}

// TestCodeChangedWhileTheHostRuns: the check is made when an entry is used, not only at the start.
func TestCodeChangedWhileTheHostRuns(t *testing.T) {
	dir, elsewhere := filepath.Join(t.TempDir(), "c"), filepath.Join(t.TempDir(), "c")
	answer(t, dir, "key", saying("good"))
	answer(t, elsewhere, "key", saying("evil"))
	rt := newRuntime(t, wasmrt.Config{CacheDir: dir, CacheKey: []byte("key"), CompileFirst: true})
	b, err := os.ReadFile(cached(t, elsewhere)[0])
	if err == nil {
		err = os.WriteFile(cached(t, dir)[0], b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, err := compile(t, rt, saying("good")).Call(t.Context(), "Op.X", nil, &fakeHost{}); err != nil || string(got) != "good" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestCacheOfOthersIsRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no permission bits")
	}
	open := func(dir, key string) error {
		rt, err := wasmrt.New(t.Context(), wasmrt.Config{CacheDir: dir, CacheKey: []byte(key)})
		if err == nil {
			rt.Close(t.Context())
		}
		return err
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := open(dir, "key"); !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), "chmod 700") {
		t.Errorf("a folder that all may write to: %v", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := open(dir, ""); err == nil || !strings.Contains(err.Error(), "needs a key") {
		t.Errorf("no key: %v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(file, "key"); err == nil {
		t.Error("a file was taken for a folder")
	}
	if os.Geteuid() != 0 {
		return // only root can give a folder away
	}
	if err := os.Chown(dir, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	if err := open(dir, "key"); !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), "belongs to somebody else") {
		t.Errorf("a folder of somebody else: %v", err)
	}
}
