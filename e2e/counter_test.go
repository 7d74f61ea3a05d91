package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
	follows(t, "make demo", out, []string{"/hello was asked for 1 times\n", "/hello was asked for 2 times\n", "host stopped", "from source to answer in "})
	// The guide shows the same steps; only the port is another one here.
	page, err := os.ReadFile("../docs/provider-loop.md")
	if err != nil {
		t.Fatal(err)
	}
	port := regexp.MustCompile(`127\.0\.0\.1:\d+`)
	var steps []string
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "$ ") {
			steps = append(steps, "\n"+port.ReplaceAllString(line, "PORT"))
		}
	}
	if len(steps) < 8 {
		t.Errorf("docs/provider-loop.md shows only %d steps", len(steps))
	}
	follows(t, "make demo", port.ReplaceAllString(out, "PORT"), steps)
	if left := c.run("git", "status", "--porcelain"); left != "" {
		t.Errorf("make demo leaves files behind:\n%s", left)
	}
	// Every process of the demo has its home in the environment.
	for _, command := range processesWith(t, c.variable("TMPDIR")) {
		t.Errorf("still running: %s", command)
	}
}

// follows sees that text has all the pieces, in their order.
func follows(t *testing.T, what, text string, pieces []string) {
	t.Helper()
	for _, piece := range pieces {
		_, after, found := strings.Cut(text, piece)
		if !found {
			t.Errorf("%s says no %q (or not in this order)", what, piece)
			continue
		}
		text = after
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

func TestProcessesAreFound(t *testing.T) {
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("this system has no /proc")
	}
	mark := t.TempDir()
	cmd := exec.Command("sleep", "60")
	cmd.Env = append(os.Environ(), "MARK="+mark)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if got := processesWith(t, mark); len(got) != 1 {
		t.Errorf("found %q", got)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	if got := processesWith(t, mark); len(got) != 0 {
		t.Errorf("found %q after its end", got)
	}
}
