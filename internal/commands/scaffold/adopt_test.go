package scaffold

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// homeless is the outside of a command for somebody without keys.
func homeless() *cli.IO {
	return &cli.IO{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Env: func(string) string { return "" }, Now: time.Now}
}

// adoptable lays out a tree of projects, and gives a function that reads them all again.
func adoptable(t *testing.T) (root string, read func() map[string]string) {
	t.Helper()
	root = t.TempDir()
	for name, text := range upstreams {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root, func() map[string]string {
		found := map[string]string{}
		err := filepath.WalkDir(root, func(file string, e os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, file)
			if e.IsDir() || err != nil {
				found[rel] = ""
				return err
			}
			text, err := os.ReadFile(file)
			found[rel] = string(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
}

var upstreams = map[string]string{
	"Makefile":            "subdirs = one\ntop_targets = all\ninclude mk/common.mk\n",
	"one/two/Makefile":    "PROJECT = p\nVERSION = 1\n-include ../../mk/actor.mk ../../local.mk\n",
	"three/Makefile":      "PROJECT = q\n ifdef X\n include ../mk/provider.mk # not ../mk/actor.mk\n endif\n",
	"mk/actor.mk":         "claims sign",
	"mk/provider.mk":      "par create",
	"mk/common.mk":        "top_targets",
	"one/target/Makefile": "include ../../mk/actor.mk\n", // what a build made
}

// A released tool copies the includes to one place and has each Makefile find them from where it is.
func TestAdoptByACopy(t *testing.T) {
	root, read := adoptable(t)
	before := read()
	released := module{version: "v0.1.0"}
	result, err := adopt(t.Context(), homeless(), root, released, false)
	if err != nil {
		t.Fatal(err)
	}
	got := read()
	for name, want := range map[string]string{
		"Makefile":            "subdirs = one\ntop_targets = all\ninclude make/common.mk\n",
		"one/two/Makefile":    "PROJECT = p\nVERSION = 1\n-include ../../make/actor.mk ../../local.mk\n",
		"three/Makefile":      "PROJECT = q\n ifdef X\n include ../make/provider.mk # not ../mk/actor.mk\n endif\n",
		"one/target/Makefile": upstreams["one/target/Makefile"],
	} {
		if got[name] != want {
			t.Errorf("%s is\n%s", name, got[name])
		}
	}
	if !strings.Contains(got["make/wasmcloud.mk"], ourSign) || len(result.Projects) != 3 {
		t.Errorf("the includes are not there, or not all is adopted: %+v", result)
	}
	if again, err := adopt(t.Context(), homeless(), root, released, false); err != nil || len(again.Written) > 0 || len(again.Already) != 3 {
		t.Errorf("again: %+v, %v", again, err)
	}
	list, err := readBackup(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(unchanged(root, list), restore(root, list), writeBackup(root, nil)); err != nil {
		t.Fatal(err)
	}
	if after := read(); !maps.Equal(before, after) {
		t.Errorf("undone, there is\n%v", after)
	}
}

// A project that is added to an adopted tree is adopted next time, and undone with the rest.
func TestAdoptTwice(t *testing.T) {
	root, read := adoptable(t)
	released := module{version: "v0.1.0"}
	if _, err := adopt(t.Context(), homeless(), root, released, false); err != nil {
		t.Fatal(err)
	}
	late := filepath.Join(root, "late")
	if err := os.Rename(filepath.Join(root, "one/target"), late); err != nil {
		t.Fatal(err)
	}
	makefile := filepath.Join(late, "Makefile")
	if err := errors.Join(os.WriteFile(makefile, []byte("include ../mk/actor.mk\n"), 0o644), os.Chmod(makefile, 0o600)); err != nil {
		t.Fatal(err)
	}
	result, err := adopt(t.Context(), homeless(), root, released, false)
	if err != nil || len(result.Written) != 1 || result.Written[0] != "late/Makefile" {
		t.Fatalf("%+v, %v", result, err)
	}
	list, err := readBackup(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := restore(root, list); err != nil {
		t.Fatal(err)
	}
	if got := read(); got["late/Makefile"] != "include ../mk/actor.mk\n" || got["Makefile"] != upstreams["Makefile"] {
		t.Errorf("undone, there is\n%v", got)
	}
	if info, err := os.Stat(makefile); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
}

// What is interrupted, or cannot be written, leaves all as it was.
func TestAdoptFails(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, root string) context.Context{
		"somebody else's folder make": func(t *testing.T, root string) context.Context {
			if err := os.WriteFile(filepath.Join(root, "make"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			return t.Context()
		},
		"edited includes": func(t *testing.T, root string) context.Context {
			if err := os.Mkdir(filepath.Join(root, "make"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, "make/actor.mk"), []byte(ourSign), 0o644); err != nil {
				t.Fatal(err)
			}
			return t.Context()
		},
		"interrupted": func(t *testing.T, root string) context.Context {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			return ctx
		},
	} {
		t.Run(name, func(t *testing.T) {
			root, read := adoptable(t)
			ctx := spoil(t, root)
			before := read()
			if _, err := adopt(ctx, homeless(), root, module{version: "v0.1.0"}, false); err == nil {
				t.Error("no error")
			}
			if after := read(); !maps.Equal(before, after) {
				t.Errorf("there is\n%v", after)
			}
		})
	}
	root, read := adoptable(t)
	before := read()
	changes := []change{{"Makefile", []byte(upstreams["Makefile"]), []byte("new"), 0o644}, {"new", nil, []byte("x"), 0o644}, {"mk/actor.mk/x", nil, []byte("x"), 0o644}}
	if err := applyChanges(t.Context(), root, changes); err == nil {
		t.Error("a file was written inside of a file")
	}
	if after := read(); !maps.Equal(before, after) {
		t.Errorf("there is\n%v", after)
	}
}
