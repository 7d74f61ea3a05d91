package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// counterCounts runs the loop with providers as a user would, and sees that
// nothing is left of it.
func counterCounts(c *checkout) {
	t := c.t
	for _, address := range []string{"127.0.0.1:5000", "127.0.0.1:4222", "127.0.0.1:8080"} {
		hold(t, address)
	}
	out := c.run("make", "-C", "examples/counter", "demo")
	for _, want := range []string{"/hello was asked for 1 times\n", "/hello was asked for 2 times\n", "host stopped", "from source to answer in "} {
		_, after, found := strings.Cut(out, want)
		if !found {
			t.Errorf("make demo says no %q (or not in this order)", want)
			continue
		}
		out = after
	}
	if left := c.run("git", "status", "--porcelain"); left != "" {
		t.Errorf("make demo leaves files behind:\n%s", left)
	}
	// Every process of the demo has its home in the environment.
	for _, command := range processesWith(t, c.variable("TMPDIR")) {
		t.Errorf("still running: %s", command)
	}
}

func (c *checkout) variable(name string) string {
	for _, kv := range c.env {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value
		}
	}
	return ""
}

// processesWith gives the command lines of processes in whose environment or
// command line text occurs.
func processesWith(t *testing.T, text string) (found []string) {
	t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil || len(dirs) == 0 {
		t.Logf("processes cannot be listed here: not looked for")
		return nil
	}
	for _, dir := range dirs {
		// A process may end while we look.
		environ, _ := os.ReadFile(filepath.Join(dir, "environ"))
		command, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		if bytes.Contains(environ, []byte(text)) || bytes.Contains(command, []byte(text)) {
			found = append(found, strings.ReplaceAll(string(command), "\x00", " "))
		}
	}
	return found
}
