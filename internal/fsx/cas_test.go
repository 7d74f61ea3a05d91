package fsx

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func digest(b string) string {
	sum := sha256.Sum256([]byte(b))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func openCAS(t *testing.T) (*CAS, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "cas")
	c, err := OpenCAS(dir)
	if err != nil {
		t.Fatal(err)
	}
	return c, dir
}

func put(t *testing.T, c *CAS, s string) string {
	t.Helper()
	path, err := c.Put(t.Context(), digest(s), strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCASGivesBackWhatItGot(t *testing.T) {
	c, dir := openCAS(t)
	for _, s := range []string{"", "a", strings.Repeat("long", 100_000)} {
		path := put(t, c, s)
		put(t, c, s) // twice is fine
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o400 || info.Name() != digest(s)[len("sha256:"):] {
			t.Errorf("%v %v", info, err)
		}
		f, err := c.Open(digest(s))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(f); err != nil || string(b) != s {
			t.Errorf("%d bytes, %v", len(b), err)
		}
		f.Close()
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v %v", info.Mode(), err)
	}
}

func TestCASRefusesOtherBytes(t *testing.T) {
	c, dir := openCAS(t)
	if _, err := c.Put(t.Context(), digest("a"), strings.NewReader("b")); err == nil || !strings.Contains(err.Error(), digest("b")) {
		t.Errorf("got %v", err)
	}
	if _, err := c.Put(t.Context(), digest("a"), io.MultiReader(strings.NewReader("a"), failing{})); err == nil {
		t.Error("a broken read was kept")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Put(ctx, digest("a"), strings.NewReader("a")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	onlyFiles(t, dir)
	for _, bad := range []string{"", "sha256:", "a", "sha256:../../etc/passwd", "md5:" + strings.Repeat("a", 64), strings.ToUpper(digest("a")), digest("a") + "0", digest("a")[7:]} {
		if _, err := c.Put(t.Context(), bad, strings.NewReader("a")); err == nil {
			t.Errorf("%q was taken", bad)
		}
		if _, err := c.Open(bad); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestCASFindsDamage(t *testing.T) {
	c, _ := openCAS(t)
	if _, err := c.Open(digest("never put")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	for name, damage := range map[string]func(path string) error{
		"changed": func(p string) error { return os.WriteFile(p, []byte("b"), 0o600) },
		"shorter": func(p string) error { return os.WriteFile(p, nil, 0o600) },
		"link":    func(p string) error { return os.Symlink("/etc/hosts", p) },
		"folder":  func(p string) error { return os.MkdirAll(filepath.Join(p, "x"), 0o700) },
	} {
		path := put(t, c, "a")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := damage(path); err != nil {
			t.Fatal(err)
		}
		f, err := c.Open(digest("a"))
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, %v", name, f, err)
		}
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: it is still there: %v", name, err)
		}
		put(t, c, "a")
	}
}

func TestCASConcurrently(t *testing.T) {
	c, dir := openCAS(t)
	data := bytes.Repeat([]byte("x"), 1<<20)
	d := digest(string(data))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := c.Put(context.Background(), d, bytes.NewReader(data)); err != nil {
				t.Error(err)
			}
			f, err := c.Open(d)
			if err != nil {
				t.Error(err)
				return
			}
			f.Close()
		})
	}
	wg.Wait()
	onlyFiles(t, dir, d[len("sha256:"):])
}

func TestCASIsTheOwnersAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenCAS(file); err == nil {
		t.Error("a file was taken for a folder")
	}
	open := t.TempDir()
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenCAS(open); err == nil || !strings.Contains(err.Error(), "written by others") {
		t.Errorf("got %v", err)
	}
	if info, err := os.Stat(open); err != nil || info.Mode().Perm() != 0o777 {
		t.Errorf("a folder that is not ours was changed: %v %v", info.Mode(), err)
	}
	if os.Geteuid() == 0 {
		other := t.TempDir()
		if err := os.Chown(other, 65534, 65534); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenCAS(other); err == nil || !strings.Contains(err.Error(), "belongs to user 65534") {
			t.Errorf("got %v", err)
		}
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenCAS(link); err == nil {
		t.Error("a link was taken for a folder")
	}
}
