package e2e

import (
	"path/filepath"
	"strings"
)

// The interface loop as its page tells it, and the example as a whole: the actor and the provider in one
// host, as its README has them, and each by itself.
func interfaceIsPublished(c *checkout) {
	endAfter(c)
	for _, page := range []struct {
		path   string
		blocks int
	}{{"docs/interface-loop.md", 8}, {"examples/payments/README.md", 4}} {
		ran, problems := c.walk(filepath.Join(c.dir, page.path))
		for _, problem := range problems {
			c.t.Error(problem)
		}
		if ran < page.blocks {
			c.t.Errorf("%s has %d blocks of commands: they are not recognised", page.path, ran)
		}
		// The page puts back what it edits, and the code in the repository is what the model says.
		if left := c.run("git", "status", "--porcelain"); left != "" {
			c.t.Errorf("%s leaves files behind:\n%s", page.path, left)
		}
	}

	out := c.run("make", "-j4", "-C", "examples/payments", "test")
	for _, want := range []string{"Pass: pays", "Pass: refused", "Pass: spends", "interface/payments"} {
		if !strings.Contains(out, want) {
			c.t.Errorf("make test in examples/payments says no %q:\n%s", want, out)
		}
	}
	// An edit of the model reaches the actor: it does not compile before it is edited, too.
	c.edit("examples/payments/interface/payments.smithy", "    payee: String", "    recipient: String")
	if out, stderr, err := c.try("make", "-C", "examples/payments", "test"); err == nil || !strings.Contains(out+stderr, "Payee") {
		c.t.Errorf("a renamed member is not noticed: %v\n%s%s", err, out, stderr)
	}
}
