// Package smithy_test holds the rooms below it against Smithy's own tool: on
// every file of the corpus the same verdict, the same JSON AST and the same form.
package smithy_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/core"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/lint"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/validate"
)

var update = flag.Bool("update", false, "write the golden files anew: those of smithy-cli by running it")

func corpus(t *testing.T, folders ...string) []string {
	t.Helper()
	var all []string
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(filepath.FromSlash(folder), "*.smithy"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no corpus: %v", err)
		}
		all = append(all, files...)
	}
	return all
}

// The parts of the corpus: models without errors, with errors, and the contracts
// that this repository ships.
const (
	good      = "testdata/good"
	broken    = "testdata/broken"
	contracts = "../../interfaces/*"
)

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// golden gives an answer of smithy-cli; ok is false where it gave none.
func golden(t *testing.T, file, ext string) (text string, ok bool) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "oracle", stem(file)+ext))
	if errors.Is(err, os.ErrNotExist) {
		return "", false
	} else if err != nil {
		t.Fatal(err)
	}
	return string(data), true
}

func stem(file string) string { return strings.TrimSuffix(filepath.Base(file), ".smithy") }

func judge(t *testing.T, file string) (*model.Model, []model.Event) {
	t.Helper()
	var sources []model.Source
	for _, name := range core.Names() {
		sources = append(sources, model.Source{Name: name, Data: core.Read(name)})
	}
	return validate.Run(append(sources, model.Source{Name: filepath.Base(file), Data: read(t, file)}), validate.Options{})
}

// serious lists the events that decide the verdict, all the notes and warnings too.
func serious(events []model.Event) []string { return listed(events, model.Danger) }
func all(events []model.Event) []string     { return listed(events, model.Note) }

// listed writes events as Oracle.java does.
func listed(events []model.Event, least model.Severity) []string {
	list := []string{}
	for _, e := range events {
		if e.Severity >= least {
			shape := e.Shape
			if shape == "" {
				shape = "-"
			}
			list = append(list, fmt.Sprintf("%s %s %s %d", e.Severity, e.ID, shape, e.Pos.Line))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// oursToo says which events are compared in part, and why.
func oursToo(name string, want, have []string) (again []string, why string) {
	switch {
	case strings.HasPrefix(name, "syntax-") || name == "property":
		// How a parser goes on after an error is its own affair: the first error
		// and the verdict are not.
		return first(want, have), "syntax"
	case name == "trait-validators":
		return have, "the event is at the prelude's Blob, whose line is another file's"
	}
	for i, w := range want {
		// Of what no shape is found smithy-cli says no place, ours the selector's.
		if event, ok := strings.CutSuffix(w, " - 0"); ok {
			for _, h := range have {
				if strings.HasPrefix(h, event+" - ") {
					want[i] = h
				}
			}
		}
	}
	return want, ""
}

func first(want, have []string) []string {
	if len(want) > 0 && len(have) > 0 && line(want[0]) == line(have[0]) {
		return have
	}
	return want
}

func line(event string) string { return event[strings.LastIndexByte(event, ' '):] }

// ours tells whether an event is of a validator that this tool has, or that a model
// makes by its metadata. The others only warn: they are these.
func ours(event string) bool {
	id, _, _ := strings.Cut(strings.Fields(event)[1], ".")
	return !slices.Contains([]string{"ModelDeprecation", "OperationInputOutputName", "UnstableTrait"}, id)
}

func warns(event string) bool {
	return strings.HasPrefix(event, "WARNING ") || strings.HasPrefix(event, "NOTE ")
}

func TestVerdictsAreThoseOfSmithy(t *testing.T) {
	for _, file := range corpus(t, good, broken, contracts) {
		t.Run(stem(file), func(t *testing.T) {
			text, ok := golden(t, file, ".events")
			if !ok {
				t.Fatal("smithy-cli's verdict is not there: run TestOracle with -update")
			}
			want := []string{}
			for l := range strings.Lines(text) {
				if l = strings.TrimSpace(l); ours(l) {
					want = append(want, l)
				}
			}
			slices.Sort(want)
			want = slices.Compact(want)
			_, events := judge(t, file)
			have := all(events)
			if slices.ContainsFunc(want, warns) != slices.ContainsFunc(have, warns) || slices.ContainsFunc(want, fails) != slices.ContainsFunc(have, fails) {
				t.Fatalf("smithy-cli: %q; ours: %q", want, have)
			}
			if again, _ := oursToo(stem(file), want, have); again != nil {
				want = again
				if diff := cmp.Diff(want, have); diff != "" {
					t.Errorf("smithy-cli -, ours +:\n%s", diff)
				}
			}
		})
	}
}

func fails(event string) bool { return !warns(event) }

func TestASTIsThatOfSmithy(t *testing.T) {
	for _, file := range corpus(t, good, contracts) {
		want, ok := golden(t, file, ".json")
		m, events := judge(t, file)
		if !ok {
			// Operations on bare strings and numbers are errors to smithy-cli, which writes no AST then.
			if len(serious(events)) == 0 {
				t.Errorf("%s: smithy-cli gave no AST", file)
			}
			continue
		}
		if diff := cmp.Diff(want, string(m.AST())); diff != "" {
			t.Errorf("%s: smithy-cli -, ours +:\n%s", file, diff)
		}
	}
}

// The AST read again is the same model.
func TestASTIsReadBack(t *testing.T) {
	for _, file := range corpus(t, good) {
		m, _ := judge(t, file)
		ast := m.AST()
		again, events := validate.Run([]model.Source{{Name: "ast.json", Data: ast}}, validate.Options{})
		if list := serious(events); len(list) > 0 {
			t.Errorf("%s: %q", file, list)
		}
		if diff := cmp.Diff(string(ast), string(again.AST())); diff != "" {
			t.Errorf("%s: first -, second +:\n%s", file, diff)
		}
	}
}

func TestFormIsThatOfSmithy(t *testing.T) {
	for _, file := range corpus(t, good, broken, contracts) {
		have, err := syntax.Format(file, read(t, file))
		want, ok := golden(t, file, ".fmt")
		if err != nil || !ok {
			if err == nil && stem(file) != "property" {
				t.Errorf("%s: ours formats it, smithy-cli does not", file)
			}
			continue
		}
		switch stem(file) {
		case "escapes": // smithy-cli writes what escapes in text blocks stand for, which changes the text
			continue
		case "use-twice", "use-conflict": // smithy-cli drops imports that it takes for unused
			continue
		}
		if diff := cmp.Diff(want, string(have)); diff != "" {
			t.Errorf("%s: smithy-cli -, ours +:\n%s", file, diff)
		}
	}
}

func TestCoreModelsAreSound(t *testing.T) {
	var sources []model.Source
	for _, name := range core.Names() {
		text := core.Read(name)
		sources = append(sources, model.Source{Name: name, Data: text})
		formatted, err := syntax.Format(name, text)
		if err != nil || !bytes.Equal(formatted, text) {
			t.Errorf("%s is not in the one form: %v", name, err)
		}
	}
	if _, events := validate.Run(sources, validate.Options{}); len(events) > 0 {
		t.Errorf("%v", events)
	}
}

// The contracts that this repository ships have nothing for the tools to find.
func TestContractsAreSound(t *testing.T) {
	for _, file := range corpus(t, contracts) {
		text := read(t, file)
		formatted, err := syntax.Format(file, text)
		if err != nil || !bytes.Equal(formatted, text) {
			t.Errorf("%s is not in the one form: %v", file, err)
		}
		sources := []model.Source{{Name: "wasmcloud-model.smithy", Data: core.Read("wasmcloud-model.smithy")}, {Name: file, Data: text}}
		m, events := validate.Run(sources, validate.Options{BareMessages: true})
		parsed, _ := syntax.Parse(file, text)
		events = append(events, lint.Run(m, nil, []*syntax.File{parsed}, func(name string) bool { return name == file }, nil)...)
		if len(events) > 0 {
			t.Errorf("%s: %v", file, events)
		}
	}
}

// What is said about broken files is read by people: it is looked at when it
// changes.
func TestMessages(t *testing.T) {
	var b strings.Builder
	for _, file := range corpus(t, broken) {
		_, events := judge(t, file)
		for _, e := range events {
			fmt.Fprintf(&b, "%s %s: %s (%s)\n", e.Severity, e.Pos, e.Message, e.ID)
		}
	}
	path := filepath.Join("testdata", "messages.golden")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(read(t, path)), b.String()); diff != "" {
		t.Errorf("want -, have +:\n%s", diff)
	}
}
