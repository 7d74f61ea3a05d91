package e2e

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A project that holds nothing of ours but the copied includes gets its tools by
// `go install` at the pinned version, once. That version is this checkout, served
// as the module proxy would serve it: what Go refuses in a module fails here.
func copiedIncludesInstallTheirTools(c *checkout) {
	t := c.t
	home := filepath.Dir(c.dir)
	project := filepath.Join(home, "copied")
	mk, err := os.ReadFile(filepath.Join(c.dir, "rules/make/wasmcloud.mk"))
	if err != nil {
		t.Fatal(err)
	}
	pinned := regexp.MustCompile(`(?m)^_wm_version := (v\S+)$`).FindSubmatch(mk)
	if pinned == nil {
		t.Fatal("wasmcloud.mk pins no version")
	}
	write(t, filepath.Join(project, "Makefile"), "PROJECT = p\nVERSION = 1\nUNSIGNED_WASM = p.wasm\ninclude make/actor.mk\n")
	write(t, filepath.Join(project, "p.wasm"), "\x00asm\x01\x00\x00\x00")
	c.run("cp", "-r", filepath.Join(c.dir, "rules/make"), project)

	// Nothing of it may reach the caller's module cache, which serves the libraries.
	libraries := goEnv(c, "GOMODCACHE")
	c.env = append(slices.Clone(c.env), "GOMODCACHE="+filepath.Join(home, "modules"), "GONOSUMDB="+modulePath,
		"GOPROXY=file://"+serveModule(c, string(pinned[1]))+",file://"+libraries+"/cache/download,"+goEnv(c, "GOPROXY"))

	signer := filepath.Join(home, ".cache/rules_wasmcloud/tools", string(pinned[1]), "signer")
	if out := c.run("make", "-C", project); !strings.Contains(out, "Successfully signed build/p_s.wasm") {
		t.Errorf("make: %s", out)
	}
	if out := c.run(signer, "--version"); !strings.HasPrefix(out, "signer "+string(pinned[1])+" (") {
		t.Errorf("the installed tool says %q", out)
	}
	if _, stderr, err := c.try("make", "-C", project); err != nil || strings.Contains(stderr, "installing") {
		t.Errorf("the second make: %v\n%s", err, stderr)
	}
}

func goEnv(c *checkout, name string) string { return strings.TrimSpace(c.run("go", "env", name)) }

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// serveModule lays the checkout's tracked files out as a module proxy does, and
// returns the folder.
func serveModule(c *checkout, version string) (dir string) {
	t := c.t
	dir = t.TempDir()
	at := filepath.Join(dir, modulePath, "@v")
	mod, err := os.ReadFile(filepath.Join(c.dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(at, "list"), version+"\n")
	write(t, filepath.Join(at, version+".mod"), string(mod))
	write(t, filepath.Join(at, version+".info"), fmt.Sprintf(`{"Version":%q,"Time":"2026-01-01T00:00:00Z"}`, version))
	f, err := os.Create(filepath.Join(at, version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	archive := zip.NewWriter(f)
	listed, _, err := c.try("git", "ls-files", "-z")
	if err != nil {
		t.Fatal(err)
	}
	files := strings.Split(strings.TrimRight(listed, "\x00"), "\x00")
	for _, name := range files {
		if inNestedModule(name, files) {
			continue
		}
		w, err := archive.Create(modulePath + "@" + version + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		in, err := os.Open(filepath.Join(c.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(w, in)
		in.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func inNestedModule(name string, files []string) bool {
	for d := path.Dir(name); d != "."; d = path.Dir(d) {
		if slices.Contains(files, d+"/go.mod") {
			return true
		}
	}
	return false
}
