package casefile

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

func ask(t *testing.T, p *Player, link, operation, argument string) (string, error) {
	t.Helper()
	b, err := wasmbus.JSONToMsgpack([]byte(argument))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := p.Ask(Question{"wasmcloud:keyvalue", link, operation, b})
	if err != nil {
		return "", err
	}
	text, err := Text(answer)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), nil
}

func player(t *testing.T, text string) (*Player, *Case) {
	t.Helper()
	c, err := Parse("c.txtar", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return NewPlayer(c, "the actor"), c
}

func TestPlayer(t *testing.T) {
	p, c := player(t, `
-- link wasmcloud:keyvalue --
-- link wasmcloud:keyvalue cache --
-- fake KeyValue.Get --
"a"
-- answer --
"first"
-- fake KeyValue.Get cache --
"…"
-- answer --
"cached"
-- fake KeyValue.Ping --
-- call X.Y --
-- expect KeyValue.Get --
"a"
-- answer --
"once"
-- expect KeyValue.Set --
{"key":"k","value":"…"}
-- refuse --
full
-- call X.Z --
`)
	p.Begin(&c.Steps[0])
	for _, q := range []struct{ link, operation, argument, want string }{
		{"cache", "KeyValue.Get", `"a"`, `"once"`}, // no link was named: any
		{"default", "KeyValue.Get", `"a"`, `"first"`},
		{"default", "KeyValue.Get", `"a"`, `"first"`}, // stands
		{"cache", "wasmcloud:keyvalue/KeyValue.Get", `{"any":1}`, `"cached"`},
		{"default", "KeyValue.Ping", ``, `null`},
	} {
		if got, err := ask(t, p, q.link, q.operation, q.argument); err != nil || got != q.want {
			t.Errorf("%+v: %s, %v", q, got, err)
		}
	}
	if _, err := ask(t, p, "default", "KeyValue.Set", `{"key":"k","value":"v"}`); err == nil || err.Error() != "full" {
		t.Errorf("a refusal: %v", err)
	}
	if err := p.End(); err != nil {
		t.Errorf("all was asked as expected: %v", err)
	}

	// Without a step's expectations the standing fakes are alone.
	p.Begin(&c.Steps[1])
	_, err := ask(t, p, "default", "KeyValue.Set", `{"key":"k","value":"v"}`)
	if err == nil || err.Error() != `no fake of c.txtar answers KeyValue.Set of wasmcloud:keyvalue (link default) with {"key":"k","value":"v"}` {
		t.Errorf("what the actor reads: %v", err)
	}
	const want = `the actor called KeyValue.Set of wasmcloud:keyvalue (link default) with {"key":"k","value":"v"}, which no fake answers
if that call is right, write after this step's call:
-- expect KeyValue.Set --
{"key":"k","value":"v"}
-- answer --
(what it answers, as JSON)`
	if err := p.End(); err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if err := p.End(); err != nil {
		t.Errorf("it is said once: %v", err)
	}
}

func TestPlayerSaysWhatDiffers(t *testing.T) {
	p, c := player(t, `
-- fake A.Get --
"x"
-- call X.Y --
-- expect A.Set --
{"key":"k"}
-- expect A.Del cache --
`)
	step := &c.Steps[0]
	for name, tt := range map[string]struct {
		link, operation, argument string
		want                      []string
	}{
		"argument":  {"default", "A.Set", `{"key":"j"}`, []string{`c.txtar:5 expects now: A.Set, but its argument differs: .key: want "k", got "j"`, `did not call A.Set, which c.txtar:5 expects`, `did not call A.Del, which c.txtar:7 expects`}},
		"operation": {"default", "A.Put", ``, []string{`called A.Put of wasmcloud:keyvalue (link default) with no argument, which no fake answers`, "c.txtar:5 expects now: A.Set\n", "-- expect A.Put --\n\n-- answer --"}},
		"standing":  {"cache", "A.Get", `"y"`, []string{`c.txtar:2 answers: A.Get, but its argument differs: want "x", got "y"`, "-- expect A.Get cache --"}},
		"order":     {"cache", "A.Del", ``, []string{"c.txtar:5 expects now: A.Set\n"}},
	} {
		p.Begin(step)
		if _, err := ask(t, p, tt.link, tt.operation, tt.argument); err == nil {
			t.Errorf("%s: answered", name)
		}
		err := p.End()
		for _, want := range tt.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v\nwant %s", name, err, want)
			}
		}
	}
	p.Begin(step)
	if _, err := ask(t, p, "default", "A.Set", `{"key":"k"}`); err != nil {
		t.Fatal(err)
	}
	if _, err := ask(t, p, "default", "A.Del", ``); err == nil {
		t.Error("a question of another link is answered")
	}
	if err := p.End(); err == nil || !strings.Contains(err.Error(), "expects now: A.Del of the link cache") {
		t.Errorf("the link: %v", err)
	}
}

func TestPlayerTakesTurns(t *testing.T) {
	p, c := player(t, `
-- fake A.Get --
"k"
-- answer --
1
-- fake A.Get --
"…"
-- answer --
"other"
-- fake A.Get --
"k"
-- answer --
2
-- call X.Y --
`)
	p.Begin(&c.Steps[0])
	for _, want := range []string{"1", "2", "2"} {
		if got, err := ask(t, p, "default", "A.Get", `"k"`); err != nil || got != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
	if got, err := ask(t, p, "default", "A.Get", `"z"`); err != nil || got != `"other"` {
		t.Errorf("another question: %s, %v", got, err)
	}
}

func TestPlayerWaits(t *testing.T) {
	p, c := player(t, "-- call X.Y --\n-- expect A.B --\n-- expect A.B --\n")
	p.Begin(&c.Steps[0])
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	p.Wait(ended)
	if err := p.End(); err == nil || strings.Count(err.Error(), "did not call A.B") != 2 {
		t.Errorf("nothing was asked: %v", err)
	}
	p.Begin(&c.Steps[0])
	go func() {
		_, _ = p.Ask(Question{Operation: "A.B"})
		_, _ = p.Ask(Question{Operation: "A.B"})
	}()
	p.Wait(t.Context())
	if err := p.End(); err != nil {
		t.Error(err)
	}
}

// What is recorded can be played.
func TestAppendFake(t *testing.T) {
	bytes, answer := []byte{0xc4, 2, 0xff, 0xfe}, []byte{0x81, 0xa1, 'b', 0xc4, 2, 'h', 'i'}
	var b []byte
	var err error
	for _, f := range []struct {
		q       Question
		answer  []byte
		refusal error
	}{
		{Question{Operation: "A.Text", Link: "default", Argument: []byte{0xa1, 'k'}}, answer, nil},
		{Question{Operation: "A.Bytes", Link: "other", Argument: bytes}, nil, nil},
		{Question{Operation: "A.Bad"}, nil, errors.New("no\n-- call A.B --\nway")},
	} {
		if b, err = AppendFake(b, "fake", f.q, f.answer, f.refusal); err != nil {
			t.Fatal(err)
		}
	}
	const want = `-- fake A.Text --
"k"
-- answer --
{"b":"hi"}
-- fake A.Bytes other --
[255,254]
-- answer --
-- fake A.Bad --
-- refuse --
no -- call A.B -- way
`
	if string(b) != want {
		t.Fatalf("got\n%s\nwant\n%s", b, want)
	}
	c, err := ParseFakes("recorded.txtar", b)
	if err != nil {
		t.Fatal(err)
	}
	p := NewPlayer(c, "the actor")
	if _, err := p.Ask(Question{"c", "other", "A.Bytes", bytes}); err != nil {
		t.Errorf("recorded bytes: %v", err)
	}
	if _, err := p.Ask(Question{"c", "other", "A.Bad", nil}); err == nil || err.Error() != "no -- call A.B -- way" {
		t.Errorf("recorded refusal: %v", err)
	}
	if _, err := AppendFake(nil, "fake", Question{Operation: "A.B", Argument: []byte{0xc1, 0xc1}}, nil, nil); err == nil {
		t.Error("an argument that is no message is recorded")
	}
}
