package release

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
)

func head(t *testing.T) *Commit {
	t.Helper()
	c, err := Find(t.Context(), "../..", "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// One commit gives one archive, whatever the user's own settings of git are, and it holds what is
// committed and nothing else.
func TestSourceArchive(t *testing.T) {
	c, first, second := head(t), t.TempDir(), t.TempDir()
	name, err := c.SourceArchive(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(t.TempDir(), "gitconfig")
	if err := os.WriteFile(settings, []byte("[tar]\n\tumask = 0077\n[core]\n\tautocrlf = true\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GIT_CONFIG_GLOBAL", settings)
	if _, err := c.SourceArchive(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read(t, filepath.Join(first, name)), read(t, filepath.Join(second, name))) {
		t.Error("two archives of one commit differ")
	}
	listed, err := c.git(t.Context(), "ls-tree", "-r", "--name-only", c.ID)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for name := range tarFiles(t, filepath.Join(first, name)) {
		got = append(got, strings.TrimPrefix(name, c.Prefix()+"/"))
	}
	slices.Sort(got)
	want := strings.Fields(string(listed))
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the archive holds\n%q\nand the commit\n%q", got, want)
	}
}

// tarFiles gives the files of an archive, and their modes.
func tarFiles(t *testing.T, file string) map[string]int64 {
	t.Helper()
	z, err := fsx.NewGunzip(bytes.NewReader(read(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]int64{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			files[h.Name] = h.Mode
		}
	}
}

// Two builds, each in a folder of its own, give the same bytes; unpacked, the tools run, are found by
// the includes beside them, and refuse those of another minor version. One tool stands for all.
func TestToolArchives(t *testing.T) {
	c, first, second := head(t), t.TempDir(), t.TempDir()
	here := runtime.GOOS + "/" + runtime.GOARCH
	names, err := c.ToolArchives(t.Context(), first, []string{here}, []string{"wasmfix"})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOFLAGS", os.Getenv("GOFLAGS")+" -v") // is the user's, and shows in no byte
	if _, err := c.ToolArchives(t.Context(), second, []string{here}, []string{"wasmfix"}); err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(first, names[0])
	if !bytes.Equal(read(t, archive), read(t, filepath.Join(second, names[0]))) {
		t.Error("two builds of one commit differ")
	}
	top := strings.TrimSuffix(names[0], ".tar.gz")
	files := tarFiles(t, archive)
	for _, want := range []string{"bin/wasmfix", "share/rules_wasmcloud/make/actor.mk", "share/rules_wasmcloud/make/SHA256SUMS", "LICENSE", "README.md"} {
		if mode, ok := files[top+"/"+want]; !ok || (mode == 0o755) != strings.HasPrefix(want, "bin/") {
			t.Errorf("%s: there %v, mode %o", want, ok, mode)
		}
	}
	unpacked := t.TempDir()
	run(t, nil, 0, "tar", "-xzf", archive, "-C", unpacked)
	tool := filepath.Join(unpacked, top, "bin/wasmfix")
	if out := run(t, nil, 0, tool, "--version"); !strings.HasPrefix(out, "wasmfix v"+c.Version+" (commit "+c.ID[:12]+", go1.") {
		t.Errorf("--version: %s", out)
	}
	run(t, []string{"WASMCLOUD_INCLUDES=v" + c.Version}, 0, tool, "--version")
	if out := run(t, []string{"WASMCLOUD_INCLUDES=v99.1.0"}, 1, tool, "--version"); !strings.Contains(out, "`make upgrade`") {
		t.Errorf("includes of another version: %s", out)
	}
	if bytes.Contains(read(t, tool), []byte(filepath.Join(os.TempDir(), "release-"))) {
		t.Error("the tool holds the path that it was built at")
	}
}

func run(t *testing.T, env []string, code int, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != code {
		t.Fatalf("%s %q: %v, want exit code %d\n%s", name, args, err, code, out)
	}
	return string(out)
}

// For Windows it is a zip, whose bytes depend on the members alone, too.
func TestZip(t *testing.T) {
	dir := t.TempDir()
	tool := filepath.Join(dir, "tool")
	if err := os.WriteFile(tool, []byte("code"), 0o600); err != nil {
		t.Fatal(err)
	}
	var archives [2][]byte
	for i, name := range []string{"a.zip", "b.zip"} {
		file := filepath.Join(dir, name)
		if err := zipArchive(file, []member{{"top/bin/tool.exe", 0o755, tool}}); err != nil {
			t.Fatal(err)
		}
		archives[i] = read(t, file)
		if err := os.Chtimes(tool, time.Unix(1, 0), time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(archives[0], archives[1]) {
		t.Error("two archives of the same differ")
	}
	z, err := zip.NewReader(bytes.NewReader(archives[0]), int64(len(archives[0])))
	if err != nil {
		t.Fatal(err)
	}
	if f := z.File[0]; f.Name != "top/bin/tool.exe" || f.Mode() != 0o755 || f.UncompressedSize64 != 4 {
		t.Errorf("it holds %+v", f.FileHeader)
	}
}

func TestSums(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b", "a"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := Sums(dir, []string{"b", "a"}); err != nil {
		t.Fatal(err)
	}
	want := "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb  a\n3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d  b\n"
	if got := string(read(t, filepath.Join(dir, SumsFile))); got != want {
		t.Errorf("got\n%s", got)
	}
}

// Bazel's users and Make's have the same release.
func TestVersionsAgree(t *testing.T) {
	if want := `version = "` + head(t).Version + `"`; !strings.Contains(string(read(t, "../../MODULE.bazel")), want) {
		t.Errorf("MODULE.bazel does not say %s", want)
	}
}

func TestWrongRevisionsAndPlatforms(t *testing.T) {
	for _, revision := range []string{"no-such", "", "--all"} {
		if _, err := Find(t.Context(), "../..", revision); err == nil {
			t.Errorf("%q was found", revision)
		}
	}
	for platform, want := range map[string]string{"linux": "want GOOS/GOARCH", "linux/pdp11": "unsupported GOOS/GOARCH"} {
		dir := t.TempDir()
		_, err := head(t).ToolArchives(t.Context(), dir, []string{platform}, []string{"wasmfix"})
		if left, _ := os.ReadDir(dir); err == nil || !strings.Contains(err.Error(), want) || len(left) > 0 {
			t.Errorf("%s: %v; left %v", platform, err, left)
		}
	}
}
