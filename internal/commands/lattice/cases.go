package lattice

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// caseHelp defines the format; it is part of the command's help.
const caseHelp = `A case file is a txtar archive (*.txtar) with one or more calls, made in order:

  what this case shows, in words
  -- call HttpServer.HandleRequest --
  {"method":"GET","path":"/","queryString":"","header":{},"body":""}
  -- reply --
  {"statusCode":200,"header":"…","body":"hello"}
  -- log --
  hello from .*

  -- call OPERATION --   the argument as JSON; nothing = no argument
  -- reply --            the expected reply as JSON, compared member by member: every member must be there and
                         no other; numbers by value; bytes may be written as a string or as an array of numbers;
                         a value "…" matches anything; nothing = an empty reply
  -- error --            instead of reply: a regular expression that the error's text must match
  -- log --              optional: regular expressions, one a line, each of which must match a line that the
                         actor logged during the call, as "text" or as "level: text"

Without reply and error the call need only succeed. A file is one test, named like the file without its ending;
its calls are steps. The first step that fails ends the test.`

// testCase is a case file.
type testCase struct {
	name, path string
	steps      []step
}

// step is one call of a case.
type step struct {
	line      int // of its call section, from 1
	operation string
	payload   []byte // msgpack
	checked   bool   // reply was given
	reply     any    // decoded JSON, numbers as json.Number; nil = empty
	fails     *regexp.Regexp
	logs      []*regexp.Regexp
}

// section is a part of a txtar file.
type section struct {
	name string
	line int
	body string
}

// sections splits a txtar file. The format is small enough to keep the line
// numbers, which the usual parser drops and an error message wants.
func sections(text string) []section {
	all := []section{{name: "", line: 1}}
	for i, line := range strings.SplitAfter(text, "\n") {
		marker := strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(marker, "-- ") && strings.HasSuffix(marker, " --") && len(marker) > len("--  --") {
			name := strings.TrimSpace(marker[3 : len(marker)-3])
			all = append(all, section{name: name, line: i + 1})
			continue
		}
		all[len(all)-1].body += line
	}
	return all
}

// parseCase reads a case file; errors begin with FILE:LINE.
func parseCase(path string, text []byte) (*testCase, error) {
	c := &testCase{path: path, name: strings.TrimSuffix(filepath.Base(path), ".txtar")}
	for _, sec := range sections(string(text))[1:] {
		if err := c.addSection(sec); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, sec.line, err)
		}
	}
	if len(c.steps) == 0 {
		return nil, fmt.Errorf("%s: it holds no `-- call OPERATION --` section", path)
	}
	return c, nil
}

func (c *testCase) addSection(sec section) error {
	kind, rest, _ := strings.Cut(sec.name, " ")
	if kind == "call" {
		operation := strings.TrimSpace(rest)
		if operation == "" {
			return errors.New("which operation? Write `-- call Interface.Method --`")
		}
		payload, err := wasmbus.JSONToMsgpack([]byte(sec.body))
		if err != nil {
			return err
		}
		c.steps = append(c.steps, step{line: sec.line, operation: operation, payload: payload})
		return nil
	}
	if len(c.steps) == 0 {
		return fmt.Errorf("section %q comes before the first call", sec.name)
	}
	return c.steps[len(c.steps)-1].expect(sec)
}

func (s *step) expect(sec section) (err error) {
	switch sec.name {
	case "reply":
		if s.checked || s.fails != nil {
			return errors.New("a call has one reply or one error")
		}
		s.checked = true
		s.reply, err = decodeExpected(sec.body)
	case "error":
		if s.checked || s.fails != nil {
			return errors.New("a call has one reply or one error")
		}
		pattern := strings.TrimSpace(sec.body)
		if pattern == "" {
			return errors.New("an empty error section: write a regular expression, .* for any error")
		}
		s.fails, err = regexp.Compile(pattern)
	case "log":
		for line := range strings.Lines(sec.body) {
			if line = strings.TrimRight(line, "\r\n"); line == "" {
				continue
			}
			re, err := regexp.Compile(line)
			if err != nil {
				return err
			}
			s.logs = append(s.logs, re)
		}
	default:
		return fmt.Errorf("section %q is not known: want call OPERATION, reply, error or log", sec.name)
	}
	return err
}

func decodeExpected(body string) (any, error) {
	if strings.TrimSpace(body) == "" {
		return nil, nil
	}
	dec := json.NewDecoder(strings.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("the reply is not JSON: %w", err)
	}
	if dec.More() {
		return nil, errors.New("the reply is not JSON: something follows the value")
	}
	return v, nil
}

// findCases reads all case files of the given files and folders, which are
// searched one level deep, in order of their names.
func findCases(places []string, filter *regexp.Regexp) ([]*testCase, error) {
	var out []*testCase
	for _, place := range places {
		files, err := caseFiles(place)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("reading a case: %w", err)
			}
			c, err := parseCase(file, text)
			if err != nil {
				return nil, err
			}
			if filter == nil || filter.MatchString(c.name) {
				out = append(out, c)
			}
		}
	}
	return out, nil
}

func caseFiles(place string) ([]string, error) {
	info, err := os.Stat(place)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, cli.Usage("--cases %s: no such file or folder", place)
	}
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{place}, nil
	}
	entries, err := os.ReadDir(place)
	if err != nil {
		return nil, fmt.Errorf("reading the cases: %w", err)
	}
	var out []string
	for _, e := range entries {
		if !e.IsDir() && strings.HasSuffix(e.Name(), ".txtar") {
			out = append(out, filepath.Join(place, e.Name()))
		}
	}
	slices.Sort(out)
	if len(out) == 0 {
		return nil, cli.Usage("--cases %s: the folder holds no .txtar file", place)
	}
	return out, nil
}
