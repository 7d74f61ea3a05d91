package e2e

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

// A ci plays pipelines, on a project whose Rust is compiled by a stand-in.
type ci struct {
	*testing.T
	top      string // holds all below
	module   string // what the stand-in compiles
	account  *strkey.Seed
	env      []string // of every step
	values   map[string]string
	output   bytes.Buffer
	checkout string
	runs     int
}

func newCI(t *testing.T) *ci {
	account, err := strkey.Generate(strkey.Account, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	includes, err := filepath.Abs("../rules/make")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(registry.New(registry.Options{}))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	c := &ci{T: t, top: t.TempDir(), account: account}
	c.compiles("you")
	tools, path, _ := strings.Cut(os.Getenv("PATH"), string(os.PathListSeparator))
	// What has the key or the password is noted, by name.
	for _, name := range []string{"signer", "cargo"} {
		script := "#!/bin/sh\necho \"" + name + " $* [${WASH_ISSUER_KEY:+key}${WASH_REG_PASSWORD:+password}]\" >>" + c.top + "/log\nexec " + tools + "/" + name + " \"$@\"\n"
		write(t, filepath.Join(c.top, "bin", name), script)
		if err := os.Chmod(filepath.Join(c.top, "bin", name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	seed := filepath.Join(c.top, "secrets", "seed")
	write(t, seed, account.Reveal()+"\n")
	c.env = []string{
		"PATH=" + path, "HOME=" + filepath.Join(c.top, "home"), "TMPDIR=" + t.TempDir(), "CI=true", "MK=" + includes, "WASMCLOUD_TOOLS=" + tools, realTools + "=1",
		"SIGNER=" + filepath.Join(c.top, "bin/signer"), "CARGO=" + filepath.Join(c.top, "bin/cargo"), "LOG=" + filepath.Join(c.top, "cargos"),
		"CARGO_MAKES=target/wasm32-unknown-unknown/release/hello.wasm", "CARGO_FROM=" + filepath.Join(c.top, "compiled.wasm"),
		"CI_REGISTRY_IMAGE=" + host, "CI_COMMIT_TAG=v1",
	}
	c.values = map[string]string{
		"secrets.SIGNING_SEED": account.Reveal(), "secrets.REGISTRY_USER": "u", "secrets.REGISTRY_PASSWORD": "p",
		"vars.REGISTRY": host, "github.ref_name": "v1",
		"SIGNING_SEED": seed, "REGISTRY_USER": "u", "REGISTRY_PASSWORD": "p",
	}
	return c
}

// compiles says what the sources are by now.
func (c *ci) compiles(whom string) {
	reply := fmt.Sprintf("\x83\xaastatusCode\xcc\xc8\xa6header\x80\xa4body\xc4%chello, /%s", 8+len(whom), whom)
	write(c.T, filepath.Join(c.top, "compiled.wasm"), string(testkit.Speaking([]byte(reply))))
}

// fresh checks the project out: nothing was built, and every file is of now.
func (c *ci) fresh() {
	c.runs++
	c.checkout = filepath.Join(c.top, fmt.Sprint("checkout", c.runs))
	for name, text := range map[string]string{
		"Makefile":        "PROJECT = hello\nVERSION = 0.1.0\nCLAIMS = wasmcloud:httpserver\ninclude $(MK)/actor.mk\n",
		"Cargo.toml":      "",
		"cases/get.txtar": "-- call HttpServer.HandleRequest --\n{\"method\":\"GET\",\"path\":\"/you\",\"queryString\":\"\",\"header\":{},\"body\":\"\"}\n-- reply --\n{\"statusCode\":200,\"header\":\"…\",\"body\":\"…\"}\n",
	} {
		write(c.T, filepath.Join(c.checkout, name), text)
	}
}

var expression = regexp.MustCompile(`\$\{\{ *([\w.]+) *\}\}`)

// play does the steps of a job in a fresh checkout, and gives what they print.
func (c *ci) play(steps []ciStep) string {
	c.Helper()
	c.fresh()
	var said strings.Builder
	for _, s := range steps {
		switch {
		case s.from != "":
			c.move(filepath.Join(c.top, s.from, s.path), filepath.Join(c.checkout, s.path))
		case s.to != "":
			c.move(filepath.Join(c.checkout, s.path), filepath.Join(c.top, s.to, s.path))
		default:
			said.WriteString(c.run(s))
		}
	}
	c.output.WriteString(said.String())
	return said.String()
}

func (c *ci) run(s ciStep) string {
	c.Helper()
	env := slices.Clone(c.env)
	for name, value := range s.env {
		env = append(env, name+"="+expression.ReplaceAllStringFunc(value, func(e string) string {
			name := expression.FindStringSubmatch(e)[1]
			if strings.HasPrefix(name, "secrets.") && !s.privileged {
				return ""
			}
			value, ok := c.values[name]
			if !ok {
				c.Errorf("nothing says what %s is", e)
			}
			return value
		}))
	}
	if s.privileged {
		for _, name := range []string{"SIGNING_SEED", "REGISTRY_USER", "REGISTRY_PASSWORD"} {
			env = append(env, name+"="+c.values[name])
		}
	}
	cmd := exec.Command("/bin/sh", "-ec", s.command)
	cmd.Dir, cmd.Env = c.checkout, env
	out, err := cmd.CombinedOutput()
	if err != nil {
		c.Fatalf("$ %s: %v\n%s", s.command, err, out)
	}
	return string(out)
}

// move copies a file or a folder that may not be there. The copies are of now, as a cache's are.
func (c *ci) move(from, to string) {
	if _, err := os.Stat(from); err != nil {
		return
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		c.Fatal(err)
	}
	if out, err := exec.Command("cp", "-R", "-f", from, filepath.Dir(to)).CombinedOutput(); err != nil {
		c.Fatalf("%v: %s", err, out)
	}
}

// signed reads what the last job signed.
func (c *ci) signed() (content []byte, by strkey.PublicKey) {
	c.Helper()
	content, err := os.ReadFile(filepath.Join(c.checkout, "build/hello_s.wasm"))
	if err != nil {
		c.Fatal(err)
	}
	a, err := artifact.Read(bytes.NewReader(content))
	if err != nil {
		c.Fatal(err)
	}
	return content, a.Issuer()
}

// lines are what was noted of the programs, as far as they match.
func (c *ci) lines(pattern string) []string {
	text, err := os.ReadFile(filepath.Join(c.top, "log"))
	if err != nil {
		c.Fatal(err)
	}
	return regexp.MustCompile(`(?m)^.*`+pattern+`.*$`).FindAllString(string(text), -1)
}
