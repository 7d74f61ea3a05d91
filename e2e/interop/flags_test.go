package interop

import (
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/wash"
)

const flagsRecording = "testdata/flags-0.17.1.txt"

var (
	helpFlag    = regexp.MustCompile(`(?m)^ +(?:-(\w), |-(\w) <|    )?(?:--([a-z0-9_-]+))?`)
	helpCommand = regexp.MustCompile(`(?m)^  ([a-z-]+) `)
)

// flagsOf lists what the real wash takes, from its help: a command and a flag a line.
func flagsOf(t *testing.T, path string, command []string) (lines []string) {
	t.Helper()
	cmd := exec.Command(path, append(slices.Clone(command), "--help")...)
	cmd.Env = []string{"HOME=" + t.TempDir()}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	_, commands, _ := strings.Cut(string(out), "\nCommands:\n")
	commands, _, _ = strings.Cut(commands, "\n\n")
	for _, m := range helpCommand.FindAllStringSubmatch(commands, -1) {
		if m[1] != "help" {
			lines = append(lines, flagsOf(t, path, append(slices.Clone(command), m[1]))...)
		}
	}
	_, options, _ := strings.Cut(string(out), "\nOptions:\n")
	for _, m := range helpFlag.FindAllStringSubmatch(options, -1) {
		if short := m[1] + m[2]; short != "" || m[3] != "" {
			lines = append(lines, strings.Join(append(slices.Clone(command), "-"+short, "--"+m[3]), " "))
		}
	}
	return lines
}

// TestRealFlags writes the list down, or holds it against the real program.
func TestRealFlags(t *testing.T) {
	text := strings.Join(flagsOf(t, realWash(t), nil), "\n") + "\n"
	if *record {
		if err := os.WriteFile(flagsRecording, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want, err := os.ReadFile(flagsRecording); err != nil || string(want) != text {
		t.Errorf("the list of wash's flags is not that of the real wash: record it anew (%v)", err)
	}
}

// flagsNotHere are wash's flags that our commands do not have, under the rows of
// docs/differences.md that say so.
func flagsNotHere() map[string]string {
	return map[string]string{
		"ctx new --interactive": "prompts", "gen --output-dir": "gen", "gen --template-dir": "gen", "gen -D": "gen",
	}
}

// Every command and flag of wash is one of ours, with the same short form.
func TestFlags(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(flagsRecording)
	if err != nil {
		t.Fatal(err)
	}
	root := wash.Command(&cli.IO{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Env: func(string) string { return "" }, Now: time.Now})
	missing := map[string]bool{}
	for line := range strings.Lines(string(raw)) {
		words := strings.Fields(line)
		path, short, long := words[:len(words)-2], strings.TrimPrefix(words[len(words)-2], "-"), strings.TrimPrefix(words[len(words)-1], "--")
		if len(path) > 0 && (path[0] == "app" || path[0] == "new") || strings.HasPrefix(line, "ctl apply ") {
			continue // row not-here
		}
		name := strings.Join(append(slices.Clone(path), "--"+long), " ")
		if long == "" {
			name = strings.Join(append(slices.Clone(path), "-"+short), " ")
		}
		switch ok := hasFlag(root, path, short, long); {
		case ok && flagsNotHere()[name] != "":
			t.Errorf("%s is there, and listed as not", name)
		case !ok:
			missing[name] = true
			if flagsNotHere()[name] == "" {
				t.Errorf("wash has %s (-%s)", name, short)
			}
		}
	}
	for name := range flagsNotHere() {
		if !missing[name] {
			t.Errorf("%s: wash has no such flag", name)
		}
	}
}

func hasFlag(root *cobra.Command, path []string, short, long string) bool {
	c, rest, err := root.Find(path)
	if err != nil || len(rest) > 0 && !(len(rest) == 1 && rest[0] == "actor" && c.Name() == "start") {
		return false
	}
	c.InitDefaultHelpFlag()
	flag := c.Flags().Lookup(long)
	if flag == nil {
		flag = c.InheritedFlags().Lookup(long)
	}
	return flag != nil && flag.Shorthand == short
}
