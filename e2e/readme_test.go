package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pages are what a user reads to begin with.
func pages(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	for _, pattern := range []string{"../*.md", "../docs/*.md", "../docs/tutorials/*.md", "../examples/*/*.md", "../providers/*/*.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			pages[path] = string(text)
		}
	}
	return pages
}

// Every `make TARGET` that a page names is a target: of the example whose page it
// is, of an actor, of a provider, or of this repository.
func TestMakeTargetsInPagesExist(t *testing.T) {
	mention := regexp.MustCompile("(?m)(?:^|`|\\$ )make(?: -C (\\S+))?((?: [a-z_-]+)*)(?: [A-Z]+=[^`\n]*)?(?: +#.*)?(?:`|$)")
	asked := map[string]bool{}
	for path, text := range pages(t) {
		for _, m := range mention.FindAllStringSubmatch(text, -1) {
			for _, target := range strings.Fields(m[2]) {
				dirs := []string{"..", "../examples/echo", "../examples/counter", "../providers/keyvalue", "../examples/payments/interface"}
				if m[1] != "" {
					dirs = []string{filepath.Join("..", m[1])}
				}
				if !slices.ContainsFunc(dirs, func(dir string) bool { return isTarget(asked, dir, target) }) {
					t.Errorf("%s names make %s, which is no target", path, target)
				}
			}
		}
	}
	if len(asked) == 0 {
		t.Error("no page names a target")
	}
}

func isTarget(asked map[string]bool, dir, target string) bool {
	key := dir + " " + target
	if known, ok := asked[key]; ok {
		return known
	}
	out, err := exec.Command("make", "-C", dir, "-n", target).CombinedOutput()
	asked[key] = err == nil || !strings.Contains(string(out), "No rule to make target '"+target+"'")
	return asked[key]
}

// Links between pages lead somewhere.
func TestLinksBetweenPagesResolve(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:\s]+)(?:#[^)]*)?\)`)
	for path, text := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

// The two commands that the README promises come first in it.
func TestReadmeOpensWithTheTwoCommands(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	head := strings.Join(strings.SplitN(string(text), "\n", 60)[:min(59, strings.Count(string(text), "\n"))], "\n")
	for _, want := range []string{"make demo", "make test"} {
		if !strings.Contains(head, want) {
			t.Errorf("the README's beginning does not name %s", want)
		}
	}
}
