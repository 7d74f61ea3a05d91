// Package casefile reads the tests of an actor or a provider that need no program:
// the calls to make, what is to come of them, and what the fakes around the tested
// one answer, in a text file. Player is those fakes' memory.
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

// DefaultLink is the name of a link that was given none.
const DefaultLink = "default"

// Case is a case file.
type Case struct {
	Name, Path string
	Links      []Link
	Fakes      []Fake // standing ones
	Steps      []Step
}

// Link is a link to be made for a case.
type Link struct {
	Line           int
	Contract, Name string // Contract "" = the tested provider's own
	Values         map[string]string
}

// Fake is one question to a fake and what is answered.
type Fake struct {
	Line      int
	Operation string
	Link      string // "" = of any link
	Argument  any    // decoded JSON, see Match; nil = none
	Answer    []byte // msgpack
	Refuse    string // the error instead; "" = none
	answered  bool
}

// Step is one call of a case.
type Step struct {
	Line      int // of its call section, from 1
	Operation string
	Payload   []byte // msgpack
	Request   *Request
	Expects   []Fake         // what the fakes are asked in this step, in order
	Checked   bool           // a reply was given
	Reply     any            // decoded JSON, numbers as json.Number; nil = empty
	Fails     *regexp.Regexp // the error; nil = the call succeeds
	Logs      []*regexp.Regexp
}

// Request is an HTTP request, which a step makes instead of a call.
type Request struct {
	Method, URL string
	Header      map[string][]string
	Body        string
}

// Title names a step for a person.
func (s *Step) Title() string {
	if s.Request != nil {
		return s.Request.Method + " " + s.Request.URL
	}
	return s.Operation
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
	c, err := ParseFakes(path, text)
	if err == nil && len(c.Steps) == 0 {
		return nil, fmt.Errorf("%s: it holds no `-- call OPERATION --` section", path)
	}
	return c, err
}

// ParseFakes is Parse for a file that may hold fakes alone, as a recording does.
func ParseFakes(path string, text []byte) (*Case, error) {
	p := parser{c: &Case{Path: path, Name: strings.TrimSuffix(filepath.Base(path), ".txtar")}}
	for _, sec := range sections(string(text))[1:] {
		if err := p.add(sec); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, sec.line, err)
		}
	}
	return p.c, nil
}

// parser reads the sections of a file one after the other.
type parser struct {
	c    *Case
	last *Fake // the one that an answer section belongs to: the section just before
}

func (p *parser) add(sec section) error {
	words := strings.Fields(sec.name)
	if len(words) == 0 {
		return unknown(sec)
	}
	kind, args := words[0], words[1:]
	fake := p.last
	p.last = nil
	switch kind {
	case "link":
		return p.link(sec, args)
	case "fake", "expect":
		return p.fake(sec, kind, args)
	case "answer", "refuse":
		if fake == nil || len(args) > 0 {
			return fmt.Errorf("section %q belongs right after the fake or expect that it answers", sec.name)
		}
		p.last = fake
		return fake.answer(sec)
	case "call":
		return p.call(sec, args)
	case "request":
		return p.request(sec, args)
	}
	if len(args) > 0 {
		return unknown(sec)
	}
	return p.expect(sec)
}

func unknown(sec section) error {
	return fmt.Errorf("section %q is not known: want link CONTRACT, fake OPERATION, call OPERATION, expect OPERATION, answer, refuse, reply, error or log", sec.name)
}

func (p *parser) link(sec section, args []string) error {
	if len(p.c.Steps) > 0 {
		return errors.New("a link comes before the first call: it is there during the whole case")
	}
	if len(args) > 2 {
		return errors.New("write `-- link CONTRACT --` or `-- link CONTRACT LINK-NAME --`")
	}
	l := Link{Line: sec.line, Name: DefaultLink, Values: map[string]string{}}
	if len(args) > 0 {
		l.Contract = args[0]
	}
	if len(args) > 1 {
		l.Name = args[1]
	}
	for _, other := range p.c.Links {
		if other.Contract == l.Contract && other.Name == l.Name {
			return fmt.Errorf("the link %s of %s was made in line %d already: give one of them another name", l.Name, l.Contract, other.Line)
		}
	}
	for line := range strings.Lines(sec.body) {
		if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) == "" {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return fmt.Errorf("%q is no link value: write NAME=VALUE, one a line", line)
		}
		if _, twice := l.Values[name]; twice {
			return fmt.Errorf("the link value %s is given twice", name)
		}
		l.Values[name] = value
	}
	p.c.Links = append(p.c.Links, l)
	return nil
}

func (p *parser) fake(sec section, kind string, args []string) error {
	f := Fake{Line: sec.line}
	switch len(args) {
	case 2:
		f.Link = args[1]
		fallthrough
	case 1:
		f.Operation = args[0]
	default:
		return fmt.Errorf("which operation? Write `-- %s Interface.Method --`, or with a link's name after it", kind)
	}
	var err error
	if f.Argument, err = decodeExpected("the argument", sec.body); err != nil {
		return err
	}
	if kind == "fake" {
		if len(p.c.Steps) > 0 {
			return errors.New("a fake comes before the first call, because it stands for the whole case; what one call asks is `-- expect OPERATION --`")
		}
		p.c.Fakes = append(p.c.Fakes, f)
		p.last = &p.c.Fakes[len(p.c.Fakes)-1]
		return nil
	}
	step := p.step()
	if step == nil {
		return errors.New("expect comes after the call during which it happens; what may happen at any time is `-- fake OPERATION --`")
	}
	step.Expects = append(step.Expects, f)
	p.last = &step.Expects[len(step.Expects)-1]
	return nil
}

func (f *Fake) answer(sec section) (err error) {
	if f.answered {
		return errors.New("one question has one answer, or one refusal")
	}
	f.answered = true
	if sec.name == "answer" {
		f.Answer, err = wasmbus.JSONToMsgpack([]byte(sec.body))
		return err
	}
	if f.Refuse = strings.TrimSpace(sec.body); f.Refuse == "" {
		return errors.New("an empty refusal: write the text of the error")
	}
	return nil
}

func (p *parser) step() *Step {
	if len(p.c.Steps) == 0 {
		return nil
	}
	return &p.c.Steps[len(p.c.Steps)-1]
}

func (p *parser) call(sec section, args []string) error {
	if len(args) != 1 {
		return errors.New("which operation? Write `-- call Interface.Method --`")
	}
	payload, err := wasmbus.JSONToMsgpack([]byte(sec.body))
	if err != nil {
		return err
	}
	p.c.Steps = append(p.c.Steps, Step{Line: sec.line, Operation: args[0], Payload: payload})
	return nil
}

func (p *parser) request(sec section, args []string) error {
	if len(args) != 2 {
		return errors.New("write `-- request METHOD URL --`")
	}
	r := &Request{Method: args[0], URL: args[1]}
	if strings.TrimSpace(sec.body) != "" {
		var in struct {
			Header map[string][]string `json:"header"`
			Body   string              `json:"body"`
		}
		dec := json.NewDecoder(strings.NewReader(sec.body))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&in); err != nil {
			return fmt.Errorf(`the request is not JSON of the form {"header":{"name":["value"]},"body":"text"}: %w`, err)
		}
		r.Header, r.Body = in.Header, in.Body
	}
	p.c.Steps = append(p.c.Steps, Step{Line: sec.line, Request: r})
	return nil
}

// expect reads what is to come of the step before.
func (p *parser) expect(sec section) (err error) {
	s := p.step()
	switch sec.name {
	case "reply", "error", "log":
		if s == nil {
			return fmt.Errorf("section %q comes before the first call", sec.name)
		}
	default:
		return unknown(sec)
	}
	if sec.name == "log" {
		return s.expectLogs(sec.body)
	}
	if s.Checked || s.Fails != nil {
		return errors.New("a call has one reply or one error")
	}
	if sec.name == "reply" {
		s.Checked = true
		s.Reply, err = decodeExpected("the reply", sec.body)
		return err
	}
	pattern := strings.TrimSpace(sec.body)
	if pattern == "" {
		return errors.New("an empty error section: write a regular expression, .* for any error")
	}
	s.Fails, err = regexp.Compile(pattern)
	return err
}

func (s *Step) expectLogs(body string) error {
	for line := range strings.Lines(body) {
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			continue
		}
		re, err := regexp.Compile(line)
		if err != nil {
			return err
		}
		s.Logs = append(s.Logs, re)
	}
	return nil
}

func decodeExpected(what, body string) (any, error) {
	if strings.TrimSpace(body) == "" {
		return nil, nil
	}
	dec := json.NewDecoder(strings.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("%s is not JSON: %w", what, err)
	}
	if dec.More() {
		return nil, fmt.Errorf("%s is not JSON: something follows the value", what)
	}
	return v, nil
}
