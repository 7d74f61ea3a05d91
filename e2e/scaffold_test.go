package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

// newProjects makes a project of each kind in each language, and does what its README says. For
// those in Rust cargo is a stand-in, which takes a finished actor, and the provider in Go.
func newProjects(c *checkout) {
	t := c.t
	c.run("make", "tools")
	endAfter(c)
	home := filepath.Join(filepath.Dir(c.dir), "projects")
	stands := filepath.Join(home, "stand-in.wasm")
	reply := "\x83\xaastatusCode\xcc\xc8\xa6header\x80\xa4body\xc4\x0bhello, /you"
	write(t, stands, string(testkit.Speaking([]byte(reply))))
	for _, tt := range []struct {
		args, env []string
	}{
		{[]string{"actor", "Greeter-2"}, nil},
		{[]string{"provider", "my-clock"}, nil},
		{[]string{"interface", "My-Greetings"}, nil},
		{[]string{"interface", "rusty", "--lang", "rust"}, []string{"CARGO_FROM=" + stands, "CARGO_MAKES=target/debug/librusty.rlib"}},
		{[]string{"actor", "ferris", "--lang", "rust"}, []string{"CARGO_FROM=" + stands, "CARGO_MAKES=target/wasm32-unknown-unknown/release/ferris.wasm"}},
		{[]string{"provider", "my-clock", "--lang", "rust", "--dir", filepath.Join(home, "rust-clock")},
			[]string{"CARGO_FROM=" + filepath.Join(home, "my-clock/build/my-clock"), "CARGO_MAKES=target/release/my-clock"}},
	} {
		what := strings.Join(tt.args[:2], " ")
		dir := filepath.Join(home, tt.args[1])
		if len(tt.args) > 4 {
			dir = tt.args[5]
		} else {
			tt.args = append(tt.args, "--dir", dir)
		}
		c.run("bin/scaffold", append([]string{"new"}, tt.args...)...)
		project := *c
		project.dir = dir
		ran, problems := project.walk(filepath.Join(dir, "README.md"), append(tt.env, "LOG="+filepath.Join(home, "log"))...)
		for _, problem := range problems {
			t.Errorf("%s: %s", what, problem)
		}
		if ran != 1 {
			t.Errorf("%s: the README has %d blocks of commands", what, ran)
		}
	}
	if left := c.run("git", "status", "--porcelain"); left != "" {
		t.Errorf("files are left:\n%s", left)
	}
}

// endAfter ends what a README that fails half-way leaves running.
func endAfter(c *checkout) {
	c.t.Cleanup(func() {
		c.try("bin/devhost", "down")
		c.try("bin/registry", "down")
	})
}

// tutorials does what each tutorial says, in a clone and with a home of its own.
func tutorials(c *checkout) {
	pages, err := filepath.Glob(filepath.Join(c.dir, "docs/tutorials/*.md"))
	if err != nil || len(pages) < 5 {
		c.t.Fatalf("%d tutorials, %v", len(pages), err)
	}
	for _, page := range pages {
		c.t.Run(strings.TrimSuffix(filepath.Base(page), ".md"), func(t *testing.T) {
			home := t.TempDir()
			tutorial := c.part(t)
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { // a page that fails half-way does not end what it has started
				ending := *tutorial
				ending.env = append(slices.Clone(tutorial.env), "HOME="+home)
				for _, down := range downs(string(text), home) {
					ending.try("bin/"+down[0], down[1:]...)
				}
			})
			ran, problems := tutorial.walk(page, "HOME="+home)
			for _, problem := range problems {
				t.Error(problem)
			}
			if ran < 4 {
				t.Errorf("only %d blocks of commands", ran)
			}
		})
	}
}

// started is what a page starts in the background with a state file of its own.
var started = regexp.MustCompile(`(?m)^\s*(devhost|registry) up\b.*--state-file[ =](\S+)`)

// downs gives the commands that end what a page starts, in any of its commands.
func downs(page, home string) [][]string {
	commands := [][]string{{"devhost", "down"}, {"registry", "down"}}
	for _, m := range started.FindAllStringSubmatch(page, -1) {
		commands = append(commands, []string{m[1], "down", "--state-file", strings.Replace(m[2], "~", home, 1)})
	}
	return commands
}

// A page that fails before its last command leaves nothing running.
func TestFailingTutorialsAreEnded(t *testing.T) {
	registry := filepath.Join(t.TempDir(), "registry")
	if out, err := exec.Command("go", "build", "-o", registry, "../tools/registry").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile("../docs/tutorials/insecure-registry.md")
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	run := func(args ...string) string {
		cmd := exec.Command(registry, args...)
		cmd.Env = append(os.Environ(), "HOME="+home, "XDG_STATE_HOME=", "XDG_CACHE_HOME=", "WASMCLOUD_CACHE=")
		out, err := cmd.CombinedOutput()
		if err != nil {
			return "error: " + string(out)
		}
		return string(out)
	}
	up := started.FindString(string(text))
	args := strings.Fields(strings.ReplaceAll(up, "~", home))
	if len(args) < 4 {
		t.Fatalf("the page starts no registry of its own: %q", up)
	}
	if out := run(args[1:]...); strings.HasPrefix(out, "error") {
		t.Fatal(out)
	}
	state := args[len(args)-1]
	address := []string{"address", "--state-file", state}
	if out := run(address...); strings.HasPrefix(out, "error") {
		t.Fatal(out)
	}
	for _, down := range downs(string(text), home) {
		if down[0] == "registry" {
			run(down[1:]...)
		}
	}
	if out := run(address...); !strings.HasPrefix(out, "error") {
		t.Errorf("the registry is still there: %s", out)
		run("down", "--state-file", state)
	}
}

// All that a tutorial shows is run, is what is printed then, or is a piece of a file.
func TestTutorialsShowNothingElse(t *testing.T) {
	pages, err := filepath.Glob("../docs/tutorials/*.md")
	if err != nil || len(pages) < 5 {
		t.Fatalf("%d tutorials, %v", len(pages), err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range blocksOf(page, string(text)) {
			if b.language != "sh" && b.language != "output" && b.path == "" {
				t.Errorf("%s: a block of %q, which nothing checks", b, b.language)
			}
		}
	}
}
