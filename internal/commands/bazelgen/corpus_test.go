package bazelgen

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

// run runs bazelgen in a process of its own but for the process.
func run(t *testing.T, args ...string) (code int, out, notes string) {
	t.Helper()
	var o, e bytes.Buffer
	s := &cli.IO{In: strings.NewReader(""), Out: &o, Err: &e, Env: func(string) string { return "" }, Now: time.Now}
	code = cli.Main(t.Context(), s, args, Command)
	return code, o.String(), e.String()
}

// lay writes an archive's files, but for those that say what is wanted, into a new
// folder, and goes there.
func lay(t *testing.T, a *txtar.Archive) {
	t.Helper()
	dir := t.TempDir()
	for _, f := range a.Files {
		if strings.HasPrefix(f.Name, "want") {
			continue
		}
		file := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

// archives runs a test over each archive of a folder. The first line of an archive's
// comment that begins with $ gives bazelgen's arguments. The test says what it got
// (sections "want…"), which is compared with what the archive has.
func archives(t *testing.T, pattern string, do func(t *testing.T, a *txtar.Archive, args []string) []txtar.File) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%v: no archives %s", err, pattern)
	}
	for _, file := range files {
		file, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := &txtar.Archive{Comment: a.Comment}
			for _, f := range a.Files {
				if !strings.HasPrefix(f.Name, "want") {
					got.Files = append(got.Files, f)
				}
			}
			var args []string
			for line := range strings.Lines(string(a.Comment)) {
				if rest, ok := strings.CutPrefix(line, "$ bazelgen "); ok {
					args = strings.Fields(rest)
				}
			}
			got.Files = append(got.Files, do(t, a, args)...)
			testkit.GoldenFile(t, file, txtar.Format(got))
		})
	}
}

// snapshot reads all files below the current folder.
func snapshot(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(".", func(file string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(file)
		files[filepath.ToSlash(file)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestUpdateCorpus(t *testing.T) {
	archives(t, "testdata/corpus/*.txtar", func(t *testing.T, a *txtar.Archive, args []string) (got []txtar.File) {
		if args == nil {
			args = []string{"update"}
		}
		lay(t, a)
		before := snapshot(t)
		diffCode, _, _ := run(t, append(slices.Clone(args), "--mode", "diff")...)
		if after := snapshot(t); !mapsEqual(before, after) {
			t.Error("--mode diff wrote to files")
		}
		code, _, notes := run(t, args...)
		after := snapshot(t)
		if code != 0 {
			if !mapsEqual(before, after) {
				t.Error("a refusal wrote to files")
			}
			return []txtar.File{{Name: "want-error", Data: []byte(notes)}}
		}
		if changed := !mapsEqual(before, after); changed != (diffCode == 1) {
			t.Errorf("--mode diff exits with %d; changed: %v", diffCode, changed)
		}
		for _, name := range keys(after) {
			if before[name] != after[name] {
				got = append(got, txtar.File{Name: "want/" + name, Data: []byte(after[name])})
			}
		}
		if notes != "" {
			got = append(got, txtar.File{Name: "want-notes", Data: []byte(notes)})
		}
		if code, out, _ := run(t, append(slices.Clone(args), "--mode", "diff")...); code != 0 {
			t.Errorf("a second run would change something again: exit %d\n%s", code, out)
		}
		if code, out, _ := run(t, "lint"); code != 0 {
			t.Errorf("what was written does not pass lint: exit %d\n%s", code, out)
		}
		return got
	})
}

func mapsEqual(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if w, ok := b[k]; !ok || v != w {
			return false
		}
	}
	return true
}

func keys(m map[string]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func TestLintCorpus(t *testing.T) {
	archives(t, "testdata/lint/*.txtar", func(t *testing.T, a *txtar.Archive, args []string) []txtar.File {
		if args == nil {
			args = []string{"lint"}
		}
		lay(t, a)
		code, out, notes := run(t, args...)
		if notes != "" {
			t.Error(notes)
		}
		if wantError := strings.Contains(strings.ReplaceAll(out, ": warning: ", ""), " ["); (code == 1) != (wantError && errorsIn(out)) {
			t.Errorf("exit %d with findings\n%s", code, out)
		}
		return []txtar.File{{Name: "want", Data: []byte(out)}}
	})
}

func errorsIn(out string) bool {
	for line := range strings.Lines(out) {
		if !strings.Contains(line, ": warning: ") {
			return true
		}
	}
	return false
}

func TestInterruptedUpdateWritesNothing(t *testing.T) {
	lay(t, &txtar.Archive{Files: []txtar.File{
		{Name: "a/Makefile", Data: []byte("PROJECT=a\nVERSION=1\ninclude actor.mk\n")}, {Name: "a/a.wasm"},
	}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &cli.IO{Out: io.Discard, Err: io.Discard, Env: func(string) string { return "" }, Now: time.Now}
	for _, args := range [][]string{{"update", "./..."}, {"lint"}} {
		if code := cli.Main(ctx, s, args, Command); code != 1 {
			t.Errorf("%v: exit %d", args, code)
		}
	}
	if len(snapshot(t)) != 2 {
		t.Error("something was written")
	}
}
