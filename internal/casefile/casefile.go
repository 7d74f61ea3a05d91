// Package casefile reads the tests of an actor that need no program: the calls to
// make and what is to come of them, in a text file.
package casefile

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// Help defines the format, for the help of a command that reads it.
const Help = `A case file is a txtar archive (*.txtar) with one or more calls, made in order:

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

// Case is a case file.
type Case struct {
	Name, Path string
	Steps      []Step
}

// Step is one call of a case.
type Step struct {
	Line      int // of its call section, from 1
	Operation string
	Payload   []byte         // msgpack
	Checked   bool           // a reply was given
	Reply     any            // decoded JSON, numbers as json.Number; nil = empty
	Fails     *regexp.Regexp // the error; nil = the call succeeds
	Logs      []*regexp.Regexp
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

// Parse reads a case file; errors begin with FILE:LINE.
func Parse(path string, text []byte) (*Case, error) {
	c := &Case{Path: path, Name: strings.TrimSuffix(filepath.Base(path), ".txtar")}
	for _, sec := range sections(string(text))[1:] {
		if err := c.addSection(sec); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, sec.line, err)
		}
	}
	if len(c.Steps) == 0 {
		return nil, fmt.Errorf("%s: it holds no `-- call OPERATION --` section", path)
	}
	return c, nil
}

func (c *Case) addSection(sec section) error {
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
		c.Steps = append(c.Steps, Step{Line: sec.line, Operation: operation, Payload: payload})
		return nil
	}
	if len(c.Steps) == 0 {
		return fmt.Errorf("section %q comes before the first call", sec.name)
	}
	return c.Steps[len(c.Steps)-1].expect(sec)
}

func (s *Step) expect(sec section) (err error) {
	switch sec.name {
	case "reply":
		if s.Checked || s.Fails != nil {
			return errors.New("a call has one reply or one error")
		}
		s.Checked = true
		s.Reply, err = decodeExpected(sec.body)
	case "error":
		if s.Checked || s.Fails != nil {
			return errors.New("a call has one reply or one error")
		}
		pattern := strings.TrimSpace(sec.body)
		if pattern == "" {
			return errors.New("an empty error section: write a regular expression, .* for any error")
		}
		s.Fails, err = regexp.Compile(pattern)
	case "log":
		for line := range strings.Lines(sec.body) {
			if line = strings.TrimRight(line, "\r\n"); line == "" {
				continue
			}
			re, err := regexp.Compile(line)
			if err != nil {
				return err
			}
			s.Logs = append(s.Logs, re)
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
