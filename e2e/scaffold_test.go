package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

// newProjects makes a project of each kind in each language, and does what its README says. For
// those in Rust cargo is a stand-in, which takes a finished actor, and the provider in Go.
func newProjects(c *checkout) {
	t := c.t
	c.run("make", "tools")
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
			t.Cleanup(func() {
				for _, tool := range []string{"devhost", "registry"} {
					tutorial.env = append(tutorial.env, "HOME="+home)
					tutorial.try("bin/"+tool, "down")
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
