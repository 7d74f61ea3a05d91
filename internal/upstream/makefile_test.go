package upstream

import (
	"slices"
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	for text, want := range map[string][]string{
		``:                      nil,
		"  \t ":                 nil,
		`a  b`:                  {"a", "b"},
		`"Hello World"`:         {"Hello World"},
		`'it'"'"s`:              {"it's"},
		`a\ b`:                  {"a b"},
		`"a\"b\\c\d"`:           {`a"b\c\d`},
		`'a\b'`:                 {`a\b`},
		`""`:                    {""},
		`"" ''`:                 {"", ""},
		`x"y z"w`:               {"xy zw"},
		`"semi;colon" 'do$lar'`: {"semi;colon", "do$lar"},
		`größe`:                 {"größe"},
	} {
		got, err := Words(text)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{`"a`, `'`, `$x`, `"$x"`, "`id`", `a;b`, `a|b`, `a>b`, `*`, `(`, `~`, `#`} {
		if got, err := Words(text); err == nil {
			t.Errorf("%s: %q", text, got)
		}
	}
}

func FuzzMakefile(f *testing.F) {
	for _, text := range []string{
		"PROJECT = a\nVERSION = $(shell x)\ninclude actor.mk\n",
		"A=$(B)\nB=${A}\nPROJECT=$(A)\ninclude x/actor.mk",
		"define X\nendef\nifdef Y\nPROJECT += \\\n z\nendif\n-include actor.mk",
		"PROJECT=$\nVERSION=$(x\nCLAIMS='a' \"b\\\ninclude actor.mk",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ReadMakefile("Makefile", []byte(text), nil)
		if err != nil {
			return
		}
		for name := range m.vars {
			value, err := m.Value(name)
			// A value that still asks for a program would be signed as it is.
			if err == nil && strings.Contains(value, "$(") && !strings.Contains(text, "$$") {
				t.Errorf("%s is %q", name, value)
			}
			_, _ = m.List(name)
		}
	})
}
