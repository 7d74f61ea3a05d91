package provider

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func write(content string) func(context.Context, io.Writer) error {
	return func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	}
}

func hashOf(content string) string { return fmt.Sprintf("%X", sha256.Sum256([]byte(content))) }

func TestPlace(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lib")
	s, err := OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	const content = "#!/bin/sh\n"
	path, err := s.Place(t.Context(), hashOf(content), write(content))
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o500 {
		t.Errorf("%v, %v: want mode 0500", info.Mode(), err)
	}
	if folder, err := os.Stat(dir); err != nil || folder.Mode().Perm() != 0o700 {
		t.Errorf("folder %v, %v: want mode 0700", folder.Mode(), err)
	}

	never := func(context.Context, io.Writer) error { return errors.New("extracted again") }
	if again, err := s.Place(t.Context(), hashOf(content), never); err != nil || again != path {
		t.Errorf("second time: %q, %v", again, err)
	}
	// What is about to run counts: a file that was changed is replaced.
	if err := os.Chmod(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/evil"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Place(t.Context(), hashOf(content), write(content)); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != content {
		t.Errorf("%q, %v", got, err)
	}
}

func TestPlaceRefusesOtherBytes(t *testing.T) {
	dir := t.TempDir()
	s, err := OpenStore(filepath.Join(dir, "lib"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		hash    string
		extract func(context.Context, io.Writer) error
		want    string
	}{
		"other bytes": {hashOf("good"), write("evil"), "got those of"},
		"it fails":    {hashOf("good"), func(context.Context, io.Writer) error { return errors.New("cut off") }, "cut off"},
		"no hash":     {"../../etc/passwd", write("x"), "is no digest"},
	} {
		if _, err := s.Place(t.Context(), c.hash, c.extract); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
	left, err := os.ReadDir(filepath.Join(dir, "lib"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestOpenStoreRefusesSharedFolders(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenStore(dir); err == nil || !strings.Contains(err.Error(), "written by others") {
		t.Errorf("error %v", err)
	}
}

func TestBackoff(t *testing.T) {
	b := Backoff{First: time.Second, Most: 5 * time.Second, Tries: 4, Stable: time.Minute}
	tries := 0
	for i, want := range []time.Duration{1, 2, 4, 5} {
		wait, n, ok := b.Next(tries, 0)
		if !ok || wait != want*time.Second || n != i+1 {
			t.Errorf("restart %d: %v, %d, %v", i, wait, n, ok)
		}
		tries = n
	}
	if _, _, ok := b.Next(tries, 59*time.Second); ok {
		t.Error("it is not given up")
	}
	if wait, n, ok := b.Next(tries, time.Minute); !ok || wait != time.Second || n != 1 {
		t.Errorf("after a stable time: %v, %d, %v", wait, n, ok)
	}
	if _, _, ok := (Backoff{Tries: -1}).Next(0, time.Hour); ok {
		t.Error("it is restarted although it should not be")
	}
	if wait, _, ok := (Backoff{}).Next(0, 0); !ok || wait != 200*time.Millisecond {
		t.Errorf("default: %v, %v", wait, ok)
	}
}
