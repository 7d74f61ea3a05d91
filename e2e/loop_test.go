package e2e

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A checkout is a fresh clone of this repository's last commit, used by somebody
// with an empty home: no keys, no caches of ours, no running host.
//
// Go's own caches are shared with the caller, or every run would spend minutes on
// compiling the same libraries; E2E_COLD=1 makes those empty too.
type checkout struct {
	t   *testing.T
	dir string
	env []string
}

func clone(t *testing.T) *checkout {
	t.Helper()
	home := t.TempDir()
	c := &checkout{t: t, dir: filepath.Join(home, "clone")}
	goEnv, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOPATH").Output()
	if err != nil {
		t.Fatal(err)
	}
	caches := strings.Fields(string(goEnv))
	if os.Getenv("E2E_COLD") != "" {
		caches = []string{filepath.Join(home, "gocache"), filepath.Join(home, "go/pkg/mod"), filepath.Join(home, "go")}
	}
	// What a test is given of the outer make or of a user's own settings must not
	// reach the commands: PATH and the proxy's settings are all they need.
	for _, name := range []string{"PATH", "GOPROXY", "GOFLAGS", "GOSUMDB", "GONOSUMDB", "HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE", "GOTOOLCHAIN", "SYSTEMROOT"} {
		if v, ok := os.LookupEnv(name); ok {
			c.env = append(c.env, name+"="+v)
		}
	}
	c.env = append(c.env, "HOME="+home, "TMPDIR="+t.TempDir(),
		"GOCACHE="+caches[0], "GOMODCACHE="+caches[1], "GOPATH="+caches[2], "GOFLAGS=-modcacherw "+os.Getenv("GOFLAGS"))
	c.dir = ".."
	c.run("git", "clone", "--quiet", "--no-hardlinks", ".", filepath.Join(home, "clone"))
	c.dir = filepath.Join(home, "clone")
	return c
}

// part is the same checkout as a part of the test sees it, its edits undone.
func (c checkout) part(t *testing.T) *checkout {
	c.t = t
	c.run("git", "checkout", "--quiet", "--", ".")
	// Nothing of the part before but the tools, which take long: neither its keys nor what they signed.
	c.run("git", "clean", "-fdxq", "--exclude=/bin")
	return &c
}

// try runs a command in the clone.
func (c *checkout) try(name string, args ...string) (stdout, stderr string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var o, e bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = c.dir, c.env, &o, &e
	err = cmd.Run()
	return o.String(), e.String(), err
}

func (c *checkout) run(name string, args ...string) (stdout string) {
	c.t.Helper()
	stdout, stderr, err := c.try(name, args...)
	if err != nil {
		c.t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, stdout, stderr)
	}
	c.t.Logf("$ %s %s\n%s%s", name, strings.Join(args, " "), stdout, stderr)
	return stdout
}

func (c *checkout) edit(path, old, new string) {
	c.t.Helper()
	path = filepath.Join(c.dir, path)
	text, err := os.ReadFile(path)
	if err != nil {
		c.t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(old)) {
		c.t.Fatalf("%s has no %q", path, old)
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(text, []byte(old), []byte(new)), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// The first contact with a fresh clone, the loop, and what else it can do with
// nothing but Go, make and git.
func TestFreshClone(t *testing.T) {
	c := clone(t)
	t.Run("demo", func(t *testing.T) { demoAnswers(c.part(t)) })
	t.Run("counter", func(t *testing.T) { counterCounts(c.part(t)) })
	t.Run("loop", func(t *testing.T) { editShowsWithoutDrain(c.part(t)) })
	t.Run("dev", func(t *testing.T) { editIsLive(c.part(t)) })
	t.Run("examples", func(t *testing.T) { examplesTestThemselves(c.part(t)) })
	t.Run("scaffold", func(t *testing.T) { newProjects(c.part(t)) })
	t.Run("tutorials", func(t *testing.T) { tutorials(c.part(t)) })
	t.Run("interface", func(t *testing.T) { interfaceIsPublished(c.part(t)) })
	t.Run("install", func(t *testing.T) { installAndUninstall(c.part(t)) })
	t.Run("dist", func(t *testing.T) { sourcesAreReleased(c.part(t)) })
	t.Run("copied", func(t *testing.T) { copiedIncludesInstallTheirTools(c.part(t)) })
	t.Run("released", func(t *testing.T) { releasedProjects(c.part(t)) })
}

func demoAnswers(c *checkout) {
	hold(c.t, "127.0.0.1:5000")
	hold(c.t, "127.0.0.1:4222")
	out := c.run("make", "demo")
	for _, want := range []string{`"path":"/hello"`, "sha256:", "from source to answer in "} {
		if !strings.Contains(decoded(out), want) {
			c.t.Errorf("make demo says no %q", want)
		}
	}
	// The README shows a transcript: the same steps in the same order, the same reply.
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		c.t.Fatal(err)
	}
	for line := range strings.Lines(string(readme)) {
		if strings.HasPrefix(line, "$ ") || strings.HasPrefix(line, `{"statusCode"`) {
			_, after, found := strings.Cut(out, line)
			if !found {
				c.t.Errorf("the README's transcript has %q, make demo does not (or not in this order)", line)
				continue
			}
			out = after
		}
	}
	if left := c.run("git", "status", "--porcelain"); left != "" {
		c.t.Errorf("make demo leaves files behind:\n%s", left)
	}
}

// hold keeps a usual port busy, with something that is neither a registry nor
// NATS. Somebody else may have it: that is as good.
func hold(t *testing.T, address string) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Logf("%s is taken already: %v", address, err)
		return
	}
	t.Cleanup(func() { l.Close() })
}

const echo = "examples/echo"

func editShowsWithoutDrain(c *checkout) {
	t := c.t
	c.run("bin/registry", "up", "--any-port")
	t.Cleanup(func() { c.try("make", "-C", echo, "down") })
	if _, stderr, err := c.try("make", "-C", echo, "start"); err == nil || !strings.Contains(stderr, "make up") {
		t.Errorf("start without a host: %v\n%s; want a failure that names make up", err, stderr)
	}
	c.run("make", "-C", echo, "up")
	if out := c.run("make", "-C", echo, "up"); !strings.Contains(out, "a host runs already") {
		t.Errorf("the second up: %s", out)
	}
	c.run("make", "-C", echo, "push", "start")
	reply := c.run("make", "--no-print-directory", "-C", echo, "call")
	if !regexp.MustCompile(`^\{[^\n]*"/hello"[^\n]*\}\n$`).MatchString(decoded(reply)) {
		t.Errorf("call prints more or other than the reply: %q", reply)
	}
	c.edit(echo+"/main.go", `{"body":[`, `{"edited":true,"body":[`)
	if out := c.run("make", "-C", echo, "push", "start", "call"); !strings.Contains(decoded(out), `{"edited":true,"body":[`) {
		t.Errorf("the edit does not show:\n%s", out)
	}

	// A key of the project's own signs from now on.
	account := strings.TrimSpace(c.run("bin/signer", "keys", "init", echo+"/.keys"))
	if out := c.run("make", "-C", echo, "inspect"); !strings.Contains(out, account) {
		t.Errorf("the key in .keys (%s) is not used:\n%s", account, out)
	}
	c.run("make", "-C", echo, "drain") // this actor's reference only; the host runs on
	c.run("make", "-C", echo, "call")
	c.run("make", "-C", echo, "down")
}

// decoded undoes the escapes of a JSON string inside JSON, so that a reply's body
// can be looked for whichever way the reply is shown.
func decoded(s string) string { return strings.ReplaceAll(s, `\"`, `"`) }

func examplesTestThemselves(c *checkout) {
	for _, example := range []string{"echo", "toolbox", "counter"} {
		if out := c.run("make", "-C", "examples/"+example, "test"); !strings.Contains(out, "Passed") {
			c.t.Errorf("%s runs no case", example)
		}
	}
	for _, provider := range []string{"httpserver", "keyvalue", "testing"} {
		if out := c.run("make", "-C", "providers/"+provider, "test"); !strings.Contains(out, "Passed") {
			c.t.Errorf("%s runs no case", provider)
		}
	}
	c.edit(echo+"/cases/get.txtar", `call HttpServer.HandleRequest`, `call No.Such`)
	if out, _, err := c.try("make", "-C", echo, "test"); err == nil || !strings.Contains(out, "Fail") {
		c.t.Errorf("a case that fails does not fail make test: %v\n%s", err, out)
	}
}

func installAndUninstall(c *checkout) {
	t := c.t
	prefix := filepath.Join(filepath.Dir(c.dir), "prefix")
	c.run("make", "install", "PREFIX="+prefix)
	if out := c.run(filepath.Join(prefix, "bin/signer"), "--version"); !regexp.MustCompile(`^signer \S+ \(commit [0-9a-f]{12}, go1\.\S+\)\n$`).MatchString(out) {
		t.Errorf("--version: %q", out)
	}
	// The installed include finds the installed tools, from anywhere.
	project := filepath.Join(filepath.Dir(c.dir), "project")
	if err := os.MkdirAll(project, 0o755); err != nil {
		t.Fatal(err)
	}
	makefile := "PROJECT = p\nVERSION = 1\nUNSIGNED_WASM = p.wasm\ninclude " + prefix + "/share/rules_wasmcloud/make/actor.mk\n"
	for name, text := range map[string]string{"Makefile": makefile, "p.wasm": "\x00asm\x01\x00\x00\x00"} {
		if err := os.WriteFile(filepath.Join(project, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if out := c.run("make", "-C", project, "actor_id"); !regexp.MustCompile(`(?m)^M[A-Z2-7]{55}$`).MatchString(out) {
		t.Errorf("actor_id: %q", out)
	}
	c.run("make", "uninstall", "PREFIX="+prefix)
	err := filepath.WalkDir(prefix, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			t.Errorf("%s is left", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// The tools for each platform are tested in e2e/release: to compile all takes long.
func sourcesAreReleased(c *checkout) {
	listed := c.run("make", "dist", "PLATFORMS=")
	if sums := c.run("sh", "-c", "cd dist && sha256sum -c SHA256SUMS && cat SHA256SUMS"); !strings.HasSuffix(sums, listed) || strings.Count(listed, "\n") != 1 {
		c.t.Errorf("make dist prints\n%s\nand wrote\n%s", listed, sums)
	}
	c.run("sh", "-c", "tar -xzf dist/*.tar.gz -C dist && test -f dist/rules_wasmcloud-*/MODULE.bazel")
}
