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

// releases makes this checkout a release at the version that the includes pin, served as the module
// proxy would serve it: what Go refuses in a module fails here.
func (c *checkout) releases() (version string) {
	t := c.t
	mk, err := os.ReadFile(filepath.Join(c.dir, "rules/make/wasmcloud.mk"))
	if err != nil {
		t.Fatal(err)
	}
	pinned := regexp.MustCompile(`(?m)^_wm_version := (v\S+)$`).FindSubmatch(mk)
	if pinned == nil {
		t.Fatal("wasmcloud.mk pins no version")
	}
	version = string(pinned[1])

	// Nothing of it may reach the caller's module cache, which serves the libraries: those of our go.sum.
	c.run("go", "mod", "download")
	libraries := goEnv(c, "GOMODCACHE")
	c.env = append(slices.Clone(c.env), "GOMODCACHE="+filepath.Join(filepath.Dir(c.dir), "modules"), "GOSUMDB=off",
		"GOPROXY=file://"+serveModule(c, version)+",file://"+libraries+"/cache/download")
	return version
}

// A project that holds nothing of ours but the copied includes gets its tools by
// `go install` at the pinned version, once.
func copiedIncludesInstallTheirTools(c *checkout) {
	t := c.t
	version := c.releases()
	home := filepath.Dir(c.dir)
	project := filepath.Join(home, "copied")
	write(t, filepath.Join(project, "Makefile"), "PROJECT = p\nVERSION = 1\nUNSIGNED_WASM = p.wasm\ninclude make/actor.mk\n")
	write(t, filepath.Join(project, "p.wasm"), "\x00asm\x01\x00\x00\x00")
	c.run("cp", "-r", filepath.Join(c.dir, "rules/make"), project)

	signer := filepath.Join(home, ".cache/rules_wasmcloud/tools", version, "signer")
	if out := c.run("make", "-C", project); !strings.Contains(out, "Successfully signed build/p_s.wasm") {
		t.Errorf("make: %s", out)
	}
	if out := c.run(signer, "--version"); !strings.HasPrefix(out, "signer "+version+" (") {
		t.Errorf("the installed tool says %q", out)
	}
	if _, stderr, err := c.try("make", "-C", project); err != nil || strings.Contains(stderr, "installing") {
		t.Errorf("the second make: %v\n%s", err, stderr)
	}
}

// releasedProjects does what the READMEs of new projects say, begun by a scaffold that was released: they
// require the SDK at its version, where those of newProjects take the checkout. Their other tools are
// the checkout's, for what installs them is tested above.
func releasedProjects(c *checkout) {
	t := c.t
	c.run("make", "tools")
	version := c.releases()
	home := filepath.Join(filepath.Dir(c.dir), "released")
	// With -trimpath Go has compiled the libraries before, wherever they lie now.
	c.env = append(c.env, "GOBIN="+home, "GOFLAGS=-trimpath -modcacherw", "WASMCLOUD_TOOLS="+filepath.Join(c.dir, "bin"))
	c.run("go", "install", modulePath+"/tools/scaffold@"+version)
	endAfter(c)
	for _, kind := range []string{"actor", "provider", "interface"} {
		project := *c
		project.dir = filepath.Join(home, "new-"+kind)
		c.run(filepath.Join(home, "scaffold"), "new", kind, "New-"+kind, "--dir", project.dir)
		ran, problems := project.walk(filepath.Join(project.dir, "README.md"))
		for _, problem := range problems {
			t.Errorf("%s: %s", kind, problem)
		}
		if ran != 1 {
			t.Errorf("%s: the README has %d blocks of commands", kind, ran)
		}
		if sum, err := os.ReadFile(filepath.Join(project.dir, "go.sum")); err != nil || !strings.Contains(string(sum), modulePath+" "+version+" h1:") {
			t.Errorf("%s: go.sum has no SDK of %s: %v\n%s", kind, version, err, sum)
		}
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
