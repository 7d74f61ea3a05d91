package casefile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// Question is a call that a fake gets.
type Question struct {
	Contract, Link, Operation string
	Argument                  []byte // msgpack
}

// Player answers the questions that come during a case by what the case says, and
// remembers those it had no answer for. It may be used by several goroutines.
type Player struct {
	c   *Case
	who string

	mu     sync.Mutex
	step   *Step
	next   int          // the expected question that has its turn
	faults []string     // questions without an answer
	played map[int]bool // standing fakes that have answered
	asked  chan struct{}
}

// NewPlayer makes the memory for one run of a case; who asks ("the actor") is named
// in errors.
func NewPlayer(c *Case, who string) *Player {
	return &Player{c: c, who: who, played: map[int]bool{}, asked: make(chan struct{}, 1)}
}

// Begin starts a step. What went wrong before the first one counts for it.
func (p *Player) Begin(s *Step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.step, p.next = s, 0
}

// Ask answers a question. An error is what the asker gets to read.
func (p *Player) Ask(q Question) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.wake()
	var near []string
	if p.step != nil && p.next < len(p.step.Expects) {
		f := &p.step.Expects[p.next]
		d := f.difference(q)
		if d == "" {
			p.next++
			return f.reply()
		}
		near = append(near, fmt.Sprintf("%s:%d expects now: %s", p.c.Path, f.Line, d))
	}
	for i := range p.c.Fakes {
		f := &p.c.Fakes[i]
		d := f.difference(q)
		if d == "" {
			return p.turn(i).reply()
		}
		if sameOperation(f.Operation, q.Operation) {
			near = append(near, fmt.Sprintf("%s:%d answers: %s", p.c.Path, f.Line, d))
		}
	}
	p.faults = append(p.faults, p.unanswered(q, near))
	return nil, fmt.Errorf("no fake of %s answers %s of %s (link %s) with %s", p.c.Path, q.Operation, q.Contract, q.Link, q.argument())
}

// turn gives the fake that answers now: the first of those with the same question that
// has not answered yet, or the last of them. p.mu is held.
func (p *Player) turn(first int) *Fake {
	last := first
	for i := first; i < len(p.c.Fakes); i++ {
		if !p.c.Fakes[i].sameQuestion(&p.c.Fakes[first]) {
			continue
		}
		if last = i; !p.played[i] {
			break
		}
	}
	p.played[last] = true
	return &p.c.Fakes[last]
}

func (f *Fake) sameQuestion(other *Fake) bool {
	return f.Operation == other.Operation && f.Link == other.Link && reflect.DeepEqual(f.Argument, other.Argument)
}

// Fault notes something else that is wrong about a question.
func (p *Player) Fault(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, err.Error())
	p.wake()
}

// wake tells Wait that something happened.
func (p *Player) wake() {
	select {
	case p.asked <- struct{}{}:
	default:
	}
}

func (p *Player) unanswered(q Question, near []string) string {
	link := ""
	if q.Link != DefaultLink {
		link = " " + q.Link
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s called %s of %s (link %s) with %s, which no fake answers", p.who, q.Operation, q.Contract, q.Link, q.argument())
	for _, n := range near {
		fmt.Fprintf(&b, "\n  %s", n)
	}
	argument := q.argument()
	if len(q.Argument) == 0 {
		argument = ""
	}
	fmt.Fprintf(&b, "\nif that call is right, write after this step's call:\n-- expect %s%s --\n%s\n-- answer --\n(what it answers, as JSON)", q.Operation, link, argument)
	return b.String()
}

// Wait returns when every expected question of the step was asked, something went
// wrong, or ctx has ended. Providers ask when it suits them.
func (p *Player) Wait(ctx context.Context) {
	for {
		p.mu.Lock()
		done := p.step == nil || p.next == len(p.step.Expects) || len(p.faults) > 0
		p.mu.Unlock()
		if done {
			return
		}
		select {
		case <-p.asked:
		case <-ctx.Done():
			return
		}
	}
}

// End ends a step and says what was asked that should not have been, and what
// should have been and was not.
func (p *Player) End() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.faults
	p.faults = nil
	if p.step != nil {
		for _, f := range p.step.Expects[p.next:] {
			all = append(all, fmt.Sprintf("%s did not call %s, which %s:%d expects", p.who, f.Operation, p.c.Path, f.Line))
		}
	}
	p.step = nil
	if len(all) == 0 {
		return nil
	}
	return errors.New(strings.Join(all, "\n"))
}

// difference says in what way a question is another one; "" = it is this one.
func (f *Fake) difference(q Question) string {
	if !sameOperation(f.Operation, q.Operation) {
		return f.Operation
	}
	if f.Link != "" && f.Link != q.Link {
		return fmt.Sprintf("%s of the link %s", f.Operation, f.Link)
	}
	d, err := Match(f.Argument, q.Argument)
	if err != nil {
		return fmt.Sprintf("%s with an argument that can be read: %v", f.Operation, err)
	}
	if d != "" {
		return fmt.Sprintf("%s, but its argument differs: %s", f.Operation, d)
	}
	return ""
}

// sameOperation ignores the contract that some callers put before the operation.
func sameOperation(a, b string) bool {
	return a[strings.LastIndexByte(a, '/')+1:] == b[strings.LastIndexByte(b, '/')+1:]
}

func (f *Fake) reply() ([]byte, error) {
	if f.Refuse != "" {
		return nil, errors.New(f.Refuse)
	}
	return f.Answer, nil
}

// argument is the argument as JSON, for a person.
func (q Question) argument() string {
	if len(q.Argument) == 0 {
		return "no argument"
	}
	text, err := Text(q.Argument)
	if err != nil {
		return fmt.Sprintf("%d bytes that are no msgpack", len(q.Argument))
	}
	return shorten(text)
}

// Text is a message as the JSON of a case file. Bytes that are text become a string,
// which is what people write; others an array of numbers.
func Text(message []byte) ([]byte, error) {
	text, err := wasmbus.DecodeReply(message, wasmbus.BinString)
	if err == nil && bytes.Contains(text, []byte(`\ufffd`)) { // how the encoder writes what is no text
		return wasmbus.DecodeReply(message, wasmbus.BinArray)
	}
	return text, err
}

// AppendFake writes a question and its answer as the sections that Parse reads:
// what was recorded can be pasted into a case. kind is "fake" or "expect".
func AppendFake(b []byte, kind string, q Question, answer []byte, refusal error) ([]byte, error) {
	b = fmt.Appendf(b, "-- %s %s", kind, q.Operation)
	if q.Link != "" && q.Link != DefaultLink {
		b = append(b, " "+q.Link...)
	}
	b = append(b, " --\n"...)
	b, err := appendText(b, q.Argument)
	if err != nil {
		return nil, fmt.Errorf("the argument of %s: %w", q.Operation, err)
	}
	if refusal != nil {
		// One line: a line of the text could look like a section.
		return fmt.Appendf(b, "-- refuse --\n%s\n", strings.Join(strings.Fields(refusal.Error()), " ")), nil
	}
	b = append(b, "-- answer --\n"...)
	if b, err = appendText(b, answer); err != nil {
		return nil, fmt.Errorf("the answer to %s: %w", q.Operation, err)
	}
	return b, nil
}

func appendText(b, message []byte) ([]byte, error) {
	if len(message) == 0 {
		return b, nil
	}
	text, err := Text(message)
	return append(append(b, text...), '\n'), err
}
