package e2e

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

// silent is a command's outside that shows and answers nothing.
func silent(out io.Writer) *cli.IO {
	return &cli.IO{In: strings.NewReader(""), Out: out, Err: out, Env: func(string) string { return "" }, Now: time.Now}
}

func eachCommand(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() && sub.Name() != "help" && sub.Name() != "completion" {
			eachCommand(sub, do)
		}
	}
}

// Every tool under tools/ must be in the table that the tests below go over.
func TestEveryToolIsKnown(t *testing.T) {
	mains, err := filepath.Glob("../tools/*/main.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range mains {
		if name := filepath.Base(filepath.Dir(path)); tools()[name] == nil {
			t.Errorf("%s is not in the table of tools", name)
		}
	}
}

func TestEveryCommandIsExplained(t *testing.T) {
	for name, build := range tools() {
		root := build(silent(io.Discard))
		if root.Name() != name {
			t.Errorf("%s calls itself %s", name, root.Name())
		}
		eachCommand(root, func(c *cobra.Command) {
			if c.Short == "" || strings.HasSuffix(c.Short, ".") {
				t.Errorf("%s: want a short line without a period, got %q", c.CommandPath(), c.Short)
			}
			if c.Runnable() && !strings.Contains(c.Example, name+" ") {
				t.Errorf("%s has no example", c.CommandPath())
			}
		})
		var out bytes.Buffer
		if code := cli.Main(context.Background(), silent(&out), []string{"--version"}, build); code != 0 ||
			!strings.HasPrefix(out.String(), name+" ") || !strings.Contains(out.String(), "go1.") {
			t.Errorf("%s --version: exit %d, %s", name, code, out.String())
		}
	}
}

// Wrong usage is exit code 2 and, under --output json, an object, in every command.
func TestWrongUsageEverywhere(t *testing.T) {
	for _, build := range tools() {
		eachCommand(build(silent(io.Discard)), func(c *cobra.Command) {
			var out bytes.Buffer
			args := append(strings.Fields(c.CommandPath())[1:], "--no-such-flag", "--output", "json")
			code := cli.Main(context.Background(), silent(&out), args, build)
			if code != 2 || !strings.HasPrefix(out.String(), "{\n  \"success\": false,\n  \"error\": \"unknown flag: --no-such-flag\"") {
				t.Errorf("%s: exit %d, %s", c.CommandPath(), code, out.String())
			}
		})
	}
}

// The pages under docs/cli are what the commands say of themselves.
func TestCLIReference(t *testing.T) {
	dir, err := filepath.Abs("../docs/cli")
	if err != nil {
		t.Fatal(err)
	}
	var made []string
	for name, build := range tools() {
		root := build(silent(io.Discard))
		root.InitDefaultHelpCmd()
		var page bytes.Buffer
		eachCommand(root, func(c *cobra.Command) {
			c.DisableAutoGenTag = true
			// One page per tool: links lead to its headings.
			if err := doc.GenMarkdownCustom(c, &page, func(file string) string {
				return "#" + strings.ReplaceAll(strings.TrimSuffix(file, ".md"), "_", "-")
			}); err != nil {
				t.Error(err)
			}
		})
		made = append(made, name+".md")
		testkit.GoldenFile(t, filepath.Join(dir, name+".md"), append(bytes.TrimRight(page.Bytes(), "\n"), 10))
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Type() == fs.FileMode(0) && !slices.Contains(made, e.Name()) {
			t.Errorf("docs/cli/%s belongs to no tool", e.Name())
		}
	}
}
