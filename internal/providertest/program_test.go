package providertest

import (
	"strings"
	"testing"
)

func TestPorts(t *testing.T) {
	p := ports{}
	a, err := p.fill("127.0.0.1:{port} {port2} {port}")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Fields(a)
	if parts[0] != "127.0.0.1:"+parts[2] || parts[1] == parts[2] || strings.ContainsAny(a, "{}") {
		t.Errorf("ports %q", a)
	}
	if b, err := p.fill("{port2}{port1}{ports}"); err != nil || b != parts[1]+"{port1}{ports}" {
		t.Errorf("ports again: %q, %v", b, err)
	}
}

func TestOutput(t *testing.T) {
	o := output{added: make(chan struct{}, 1)}
	if o.text() != "the provider wrote nothing" {
		t.Error(o.text())
	}
	for range 30 * keptLines {
		o.add("a")
	}
	from := o.count()
	o.add("b")
	if got := o.since(from); len(got) != 1 || got[0] != "b" {
		t.Errorf("since: %q", got)
	}
	if got := o.since(from + 5); len(got) != 0 {
		t.Errorf("since later: %q", got)
	}
	if got := len(o.since(0)); got != 10*keptLines {
		t.Errorf("%d lines are kept", got)
	}
	if text := o.text(); !strings.HasPrefix(text, "the last 40 of 1201 lines") || !strings.HasSuffix(text, "\n  b") {
		t.Errorf("text: %s", text)
	}
}
