package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// walk does what a page says: each block of sh in it is run, all by one shell, so that a `cd` of one
// block holds for the next. A block "output" says what the block before it prints: these lines, in
// this order, with … for what differs each time and a line … for any number of lines.
//
// It gives the number of blocks that were run, and what is wrong.
func (c *checkout) walk(page string, env ...string) (ran int, problems []string) {
	text, err := os.ReadFile(page)
	if err != nil {
		return 0, []string{err.Error()}
	}
	all := blocksOf(filepath.Base(page), string(text))
	walker := *c
	walker.env = append(slices.Clone(c.env), env...)
	stdout, stderr, err := walker.try("sh", "-c", script(all))
	said := strings.Split(stdout, mark)
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	for i, b := range all {
		switch {
		case b.language == "sh":
			ran++
		case b.language != "output" || len(said) <= ran:
		case i == 0 || all[i-1].language != "sh":
			wrong("%s: no commands come before this output", b)
		default:
			if missing := notPrinted(said[ran], b.text); missing != "" {
				wrong("%s: the commands before it print no %q (or not there), but\n%s", b, missing, said[ran])
			}
		}
	}
	if err != nil {
		wrong("%s: block %d of %d: %v\n%s\n%s", filepath.Base(page), len(said)-1, ran, err, said[len(said)-1], stderr)
	}
	return ran, problems
}

// mark is printed between blocks; no command of a page does.
const mark = "\x01"

// toFail is a command that is to fail. To the shell, with -e too, such a line means nothing else than
// to turn its status around.
var toFail = regexp.MustCompile(`(?m)^! (.*)$`)

func script(all []block) string {
	text := "exec 2>&1\nset -eu\n"
	for _, b := range all {
		if b.language == "sh" {
			text += "printf '\\001'\n" + toFail.ReplaceAllString(b.text, "if $1; then echo 'that was to fail'; exit 1; fi")
		}
	}
	return text
}

// notPrinted gives the first line that is wanted and not there.
func notPrinted(said, wanted string) string {
	lines := strings.Split(strings.TrimRight(said, "\n"), "\n")
	loose := false
	for line := range strings.SplitSeq(strings.TrimRight(wanted, "\n"), "\n") {
		if line == "…" {
			loose = true
			continue
		}
		pattern := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*") + "$")
		for loose && len(lines) > 0 && !pattern.MatchString(lines[0]) {
			lines = lines[1:]
		}
		if len(lines) == 0 || !pattern.MatchString(lines[0]) {
			return line
		}
		lines, loose = lines[1:], false
	}
	if len(lines) > 0 && !loose {
		return fmt.Sprintf("end before %q", lines[0])
	}
	return ""
}

func TestOutputThatDiffersIsFound(t *testing.T) {
	const said = "one 1\ntwo 2\nthree\n"
	for wanted, missing := range map[string]string{
		"one 1\ntwo 2\nthree\n": "", "one …\n…\nthree\n": "", "…\ntwo 2\n…\n": "", "…\n": "",
		"two 2\nthree\n": "two 2", "…\nthree\none 1\n": "one 1", "one 1\n": `end before "two 2"`, "…\nfour\n": "four", "…\nthre\n": "thre",
	} {
		if got := notPrinted(said, wanted); got != missing {
			t.Errorf("%q: %q; want %q", wanted, got, missing)
		}
	}
}

// A page whose commands fail, or print something else, is noticed.
func TestWrongPagesAreFound(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	for text, fails := range map[string]bool{
		"```sh\ncd /\n```\n```sh\npwd\n```\n```output\n/\n```\n": false,
		"```sh\necho a; false\n```\n```sh\ntrue\n```\n":          true,
		"```sh\necho a\n```\n```output\nb\n```\n":                true,
		"```sh\necho $NO_SUCH\n```\n":                            true,
		"```sh\n! true\n```\n":                                   true,
		"```sh\n! false\n```\n":                                  false,
	} {
		write(t, page, text)
		c := &checkout{t: t, dir: t.TempDir(), env: []string{"PATH=" + os.Getenv("PATH")}}
		if _, problems := c.walk(page); (len(problems) > 0) != fails {
			t.Errorf("%q: %q, want failure %v", text, problems, fails)
		}
	}
}
