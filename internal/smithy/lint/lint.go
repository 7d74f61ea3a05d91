// Package lint looks for what is good Smithy and bad for wasmCloud: messages
// that versions would read differently, services that no host can route, names
// that clash in generated code. Each rule has a name, by which the metadata
// `suppressions`, @suppress and a flag switch it off.
package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/validate"
)

const ns = "org.wasmcloud.model#"

// Rule is one of the rules.
type Rule struct {
	Name string
	Doc  string // one sentence
	run  func(*linter)
}

// Rules lists all rules, sorted by name.
func Rules() []Rule {
	return []Rule{
		{"CodegenName", "names that become one and the same in generated code, or a keyword there", codegenNames},
		{"FieldNumber", "@n on all members of a structure or on none, on all of a union, each number once, no gaps, from 0", fieldNumbers},
		{"MissingDocs", "a service, operation, structure or union without documentation", missingDocs},
		{"OperationName", "two services of a contract with an operation of one name", operationNames},
		{"PackageMetadata", "a namespace with a service and no `metadata package` entry: generators do not know where its code lives", packageMetadata},
		{"Unserializable", "types in messages that the wire formats of wasmCloud do not have, and unions outside of protocol \"2\"", unserializable},
		{"UnknownTrait", "a trait that nobody defines", nil},
		{"UnusedUse", "an import that nothing uses", nil},
		{"Wasmbus", "@wasmbus without a contract where a provider receives, with no receiver, or with an unknown protocol; a service without it", wasmbus},
		{"WasmbusData", "a type in the messages of a @wasmbus service without @wasmbusData", wasmbusData},
	}
}

type linter struct {
	m      *model.Model
	in     func(namespace string) bool
	id     string
	events []model.Event
}

func (l *linter) warn(s *model.Shape, pos syntax.Pos, format string, args ...any) {
	l.report(model.Warning, s, pos, format, args...)
}

func (l *linter) errorf(s *model.Shape, pos syntax.Pos, format string, args ...any) {
	l.report(model.Error, s, pos, format, args...)
}

func (l *linter) report(severity model.Severity, s *model.Shape, pos syntax.Pos, format string, args ...any) {
	e := model.Event{Severity: severity, ID: l.id, Pos: pos, Message: fmt.Sprintf(format, args...)}
	if s != nil {
		e.Shape = s.ID
	}
	l.events = append(l.events, e)
}

// shapes gives those that the linted files define.
func (l *linter) shapes() []*model.Shape {
	return slices.DeleteFunc(l.m.Shapes(false), func(s *model.Shape) bool { return !l.in(s.Pos.File) })
}

// Run lints the shapes of the files that in picks. Files are the parsed ones, for
// what a model no longer shows. off names rules that are switched off.
func Run(m *model.Model, loaded []model.Event, files []*syntax.File, in func(file string) bool, off []string) []model.Event {
	l := &linter{m: m, in: in}
	for _, rule := range Rules() {
		if slices.Contains(off, rule.Name) {
			continue
		}
		l.id = rule.Name
		switch rule.Name {
		case "UnknownTrait":
			unknownTraits(l, loaded)
		case "UnusedUse":
			unusedUses(l, files)
		default:
			rule.run(l)
		}
	}
	suppressible := l.events
	for i := range suppressible { // errors of lint can be suppressed, unlike Smithy's own
		if suppressible[i].Severity == model.Error {
			suppressible[i].Severity = model.Danger
		}
	}
	validate.Suppress(m, suppressible)
	for i := range suppressible {
		if suppressible[i].Severity == model.Danger {
			suppressible[i].Severity = model.Error
		}
	}
	validate.Sort(l.events)
	return l.events
}

func unknownTraits(l *linter, loaded []model.Event) {
	for _, e := range loaded {
		if e.ID == "Model.UnresolvedTrait" && l.in(e.Pos.File) {
			e.ID, e.Severity = l.id, model.Error
			l.events = append(l.events, e)
		}
	}
}

// unusedUses reads the text itself: an import counts as used where its name
// stands as a word outside of comments and strings.
func unusedUses(l *linter, files []*syntax.File) {
	for _, f := range files {
		if !l.in(f.Name) {
			continue
		}
		used := syntax.Names(f)
		for _, u := range f.Uses {
			_, name, _ := strings.Cut(u.Target.Text, "#")
			if !used[name] {
				l.warn(nil, u.Target.Pos, "nothing uses the import `%s`", u.Target.Text)
			}
		}
	}
}

// services gives those that the linted files define.
func (l *linter) services() []*model.Shape {
	return slices.DeleteFunc(l.shapes(), func(s *model.Shape) bool { return s.Type != "service" })
}
