package fsx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// onlyFiles fails if dir holds anything but names: no temporary file may stay.
func onlyFiles(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if fmt.Sprint(got) != fmt.Sprint(names) {
		t.Errorf("the folder holds %q, want %q", got, names)
	}
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a", "b", "file")
	for _, s := range []string{"one", "", "three"} {
		if err := WriteFile(path, 0o640, text(s)); err != nil {
			t.Fatal(err)
		}
		if got := content(t, path); got != s {
			t.Errorf("got %q, want %q", got, s)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	onlyFiles(t, filepath.Dir(path), "file")
}

// TestFailureKeepsThePreviousFile: at each place where a write can break off.
func TestFailureKeepsThePreviousFile(t *testing.T) {
	broken := errors.New("broken off")
	for _, after := range []string{"", "some", strings.Repeat("x", 1<<20)} {
		for name, write := range map[string]func(string, fs.FileMode, func(io.Writer) error) error{
			"WriteFile": WriteFile,
			"IfChanged": func(p string, m fs.FileMode, w func(io.Writer) error) error {
				_, err := WriteFileIfChanged(p, m, w)
				return err
			},
		} {
			dir := t.TempDir()
			path := filepath.Join(dir, "file")
			if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
				t.Fatal(err)
			}
			err := write(path, 0o600, func(w io.Writer) error {
				if _, err := io.WriteString(w, after); err != nil {
					return err
				}
				return broken
			})
			if !errors.Is(err, broken) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: %v", name, err)
			}
			if got := content(t, path); got != "before" {
				t.Errorf("%s: the file is now %q", name, got)
			}
			onlyFiles(t, dir, "file")
		}
	}
}

func TestFolderInTheWay(t *testing.T) {
	dir := t.TempDir()
	if err := WriteFile(dir, 0o600, text("x")); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("got %v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(filepath.Join(file, "below"), 0o600, text("x")); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a file where a folder is wanted: %v", err)
	}
	if err := WriteFile("", 0o600, text("x")); err == nil {
		t.Error("an empty name was taken")
	}
}

func TestFullDevice(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("this system has no /dev/full")
	}
	err := WriteFile("/dev/full", 0o600, text("x"))
	if err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("got %v", err)
	}
	info, err := os.Stat("/dev/full")
	if err != nil || info.Mode()&os.ModeDevice == 0 {
		t.Fatalf("/dev/full is not a device any more: %v %v", info, err)
	}
}

func TestLinkIsFollowed(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	if err := os.WriteFile(target, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("target", link); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(link, 0o600, text("new")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 || content(t, target) != "new" {
		t.Errorf("link %v %v, target %q", info, err, content(t, target))
	}
}

func TestWriteFileIfChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	old := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	big := strings.Repeat("0123456789abcdef", 20_000)
	for _, step := range []struct {
		text    string
		changed bool
	}{
		{"", true}, {"", false}, {"a", true}, {"a", false}, {"b", true}, {"ab", true}, {"a", true},
		{big, true}, {big, false}, {big + "x", true}, {big, true}, {big[:len(big)-1] + "x", true},
	} {
		changed, err := WriteFileIfChanged(path, 0o644, text(step.text))
		if err != nil || changed != step.changed {
			t.Fatalf("%d bytes: changed %v, want %v; %v", len(step.text), changed, step.changed, err)
		}
		if got := content(t, path); got != step.text {
			t.Fatalf("%d bytes: got %d", len(step.text), len(got))
		}
		info, err := os.Stat(path)
		if err != nil || info.ModTime().Equal(old) == step.changed {
			t.Errorf("%d bytes: time %v, changed %v, %v", len(step.text), info.ModTime(), changed, err)
		}
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	onlyFiles(t, filepath.Dir(path), "file")
}

func TestIfChangedClosesAnOpenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seed.nk")
	if err := os.WriteFile(path, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	if changed, err := WriteFileIfChanged(path, 0o600, text("secret")); changed || err != nil {
		t.Errorf("changed %v, %v", changed, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
}

func TestEqualReaders(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 300<<10)
	for _, c := range []struct {
		a, b []byte
		want bool
	}{{nil, nil, true}, {long, long, true}, {long, long[:128<<10], false}, {long[:128<<10], long, false}, {[]byte("a"), nil, false}} {
		if got, err := equalReaders(bytes.NewReader(c.a), bytes.NewReader(c.b)); got != c.want || err != nil {
			t.Errorf("%d and %d bytes: %v %v", len(c.a), len(c.b), got, err)
		}
	}
	if _, err := equalReaders(io.MultiReader(strings.NewReader("a"), failing{}), strings.NewReader("a")); err == nil {
		t.Error("a read error was taken for an end")
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("cannot read") }
