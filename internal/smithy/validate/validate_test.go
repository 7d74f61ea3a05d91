package validate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/validate"
)

const head = "$version: \"2\"\nnamespace ex\n"

// run gives what is found, less what is suppressed, as "SEVERITY ID shape line:column".
func run(text string, o validate.Options) []string {
	_, events := validate.Run([]model.Source{{Name: "m.smithy", Data: []byte(text)}}, o)
	found := []string{}
	for _, e := range events {
		if e.Severity > model.Suppressed {
			found = append(found, fmt.Sprintf("%s %s %s %d:%d", e.Severity, e.ID, e.Shape, e.Pos.Line, e.Pos.Column))
		}
	}
	return found
}

// One small model for each rule; that the verdicts are smithy-cli's is held on the corpus.
func TestRules(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"sound", "structure A { a: String }", ""},
		{"unresolved target", "structure A { a: Nope }", "ERROR Target.UnresolvedShape ex#A$a 3:15"},
		{"service as target", "structure A { a: S }\nservice S { version: \"1\" }", "ERROR Target ex#A$a 3:15"},
		{"key", "map M { key: Integer value: String }", "ERROR Target ex#M 3:1"},
		{"trait on a wrong kind", "@readonly\nstructure A {}", "ERROR TraitTarget ex#A 3:1"},
		{"value of a trait", "@range(min: \"x\")\ninteger I", "ERROR Model ex#I 3:13"},
		{"traits at odds", "structure A { @httpHeader(\"x\") @httpLabel @required a: String }", "ERROR TraitConflict ex#A$a 3:53"},
		{"names in case alone", "structure A {}\nstructure a {}", "ERROR ShapeIdConflict ex#A 3:1\nERROR ShapeIdConflict ex#a 4:1"},
		{"list of itself", "list L { member: L }", "ERROR ShapeRecursion ex#L 3:1"},
		{"required round", "structure A { @required a: A }", "ERROR ShapeRecursion ex#A 3:1"},
		{"required round, from outside", "structure A { @required b: B }\nstructure B { @required c: C }\nstructure C { @required b: B }", "ERROR ShapeRecursion ex#B 4:1\nERROR ShapeRecursion ex#C 5:1"},
		{"a way out", "structure A { @required a: L }\nlist L { member: A }", ""},
		{"default", "structure A {\n a: Integer = \"x\"\n}", "ERROR DefaultTrait ex#A$a 4:15"},
		{"length", "@length(min: 2, max: 1)\nstring S", "ERROR LengthTrait ex#S 3:1"},
		{"range", "@range(min: 2, max: 1)\ninteger I", "ERROR RangeTrait ex#I 3:1"},
		{"bound twice", "service S { version: \"1\" operations: [O] resources: [R] }\nresource R { operations: [O] }\noperation O {}", "ERROR SingleOperationBinding ex#O 5:1"},
		{"lifecycle", "service S { version: \"1\" resources: [R] }\nresource R { read: O }\noperation O {}", "ERROR ResourceLifecycle ex#R 4:1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, strings.Join(run(head+tt.text, validate.Options{}), "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	const bare = head + "service S { version: \"1\" operations: [O] }\noperation O { input: String output: Integer }"
	if found := run(bare, validate.Options{}); len(found) != 2 || !strings.HasPrefix(found[0], "ERROR Target ex#O ") {
		t.Errorf("bare messages: %q", found)
	}
	if found := run(bare, validate.Options{BareMessages: true}); len(found) > 0 {
		t.Errorf("bare messages that are allowed: %q", found)
	}
	const unknown = head + "@nope\nstructure A {}"
	if found := run(unknown, validate.Options{}); len(found) != 1 || !strings.HasPrefix(found[0], "ERROR Model.UnresolvedTrait ") {
		t.Errorf("an unknown trait: %q", found)
	}
	if found := run(unknown, validate.Options{UnknownTraits: true}); len(found) != 1 || !strings.HasPrefix(found[0], "WARNING Model.UnresolvedTrait ") {
		t.Errorf("an unknown trait that is allowed: %q", found)
	}
}

// Warnings and dangers can be suppressed, errors cannot; a reason is kept.
func TestSuppression(t *testing.T) {
	const danger = "@auth([httpBasicAuth])\nservice S { version: \"1\" }"
	if found := run(head+danger, validate.Options{}); !slices.Equal(found, []string{"DANGER AuthTrait ex#S 3:1"}) {
		t.Fatalf("%q", found)
	}
	for _, text := range []string{
		head + "@suppress([\"AuthTrait\"])\n" + danger,
		"$version: \"2\"\nmetadata suppressions = [{ id: \"AuthTrait\", namespace: \"ex\", reason: \"why\" }]\nnamespace ex\n" + danger,
		"$version: \"2\"\nmetadata suppressions = [{ id: \"AuthTrait\", namespace: \"*\" }]\nnamespace ex\n" + danger,
	} {
		if found := run(text, validate.Options{}); len(found) > 0 {
			t.Errorf("%s\n%q", text, found)
		}
	}
	for _, text := range []string{
		"$version: \"2\"\nmetadata suppressions = [{ id: \"AuthTrait\", namespace: \"other\" }]\nnamespace ex\n" + danger,
		"$version: \"2\"\nmetadata suppressions = [{ id: \"Auth\", namespace: \"ex\" }]\nnamespace ex\n" + danger,
		head + "@suppress([\"RangeTrait\"])\n@range(min: 2, max: 1)\ninteger I",
	} {
		if len(run(text, validate.Options{})) == 0 {
			t.Errorf("suppressed:\n%s", text)
		}
	}
}

// To Smithy @suppress of a structure is not for its members; to the rules that use Suppress it is.
// Those can be raised as well.
func TestSuppressIsForMembersToo(t *testing.T) {
	const text = "$version: \"2\"\nmetadata severityOverrides = [{ id: \"Rule\", namespace: \"ex\", severity: \"DANGER\" }]\nnamespace ex\n" +
		"@suppress([\"Rule\", \"DeprecatedShape\"])\nstructure A { a: Old }\n@deprecated\nstring Old\nstructure B {}"
	if found := run(text, validate.Options{}); len(found) != 1 || !strings.HasPrefix(found[0], "WARNING DeprecatedShape.ex#Old ex#A$a ") {
		t.Errorf("%q", found)
	}
	m, _ := validate.Run([]model.Source{{Name: "m.smithy", Data: []byte(text)}}, validate.Options{})
	events := []model.Event{
		{Severity: model.Warning, ID: "Rule", Shape: "ex#A$a"},
		{Severity: model.Warning, ID: "Rule.More", Shape: "ex#B"},
		{Severity: model.Warning, ID: "Rule", Shape: "other#B"},
		{Severity: model.Warning, ID: "Rules", Shape: "ex#B"},
		{Severity: model.Error, ID: "Rule", Shape: "ex#A"},
	}
	validate.Suppress(m, events)
	have := []model.Severity{}
	for _, e := range events {
		have = append(have, e.Severity)
	}
	if want := []model.Severity{model.Suppressed, model.Danger, model.Warning, model.Warning, model.Error}; !slices.Equal(have, want) {
		t.Errorf("%v, want %v", have, want)
	}
}

// What a model says of a finding is what is shown.
func TestMessagesOfConfiguredValidators(t *testing.T) {
	const text = "$version: \"2\"\nmetadata validators = [{ name: \"EmitEachSelector\", message: \"so: {super}.\", configuration: { " +
		"selector: \"structure\", messageTemplate: \"@@ @{id|name} @{trait|tags|(values)}, @{trait|title}\" } }]\nnamespace ex\n@tags([\"a\", \"b\"])\nstructure A {}"
	_, events := validate.Run([]model.Source{{Name: "m.smithy", Data: []byte(text)}}, validate.Options{})
	if len(events) != 1 || events[0].Message != "so: @ A a, b, ." {
		t.Errorf("%+v", events)
	}
}

// A model that is broken in an early phase is not judged by the later ones, whose words would be noise.
func TestPhases(t *testing.T) {
	found := run(head+"@range(min: 2, max: 1)\ninteger I\nstructure A { a: Nope }", validate.Options{})
	if len(found) != 1 || !strings.Contains(found[0], " Target.UnresolvedShape ") {
		t.Errorf("%q", found)
	}
}

func TestNames(t *testing.T) {
	names := validate.Names()
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) || !slices.Contains(names, "Target") {
		t.Errorf("%q", names)
	}
}

// Models that grow as a square, or without an end, if they are walked carelessly.
func TestHostileModels(t *testing.T) {
	const n = 20000
	var chain, fan strings.Builder
	chain.WriteString(head)
	fan.WriteString(head + "structure All {\n")
	for i := range n {
		fmt.Fprintf(&chain, "structure A%d { @required a: A%d }\n", i, (i+1)%n)
		fmt.Fprintf(&fan, "m%d: String\n", i)
	}
	fan.WriteString("}\n")
	for name, text := range map[string]string{
		"chain": chain.String(), "fan": fan.String(), "deep value": head + "@documentation(" + strings.Repeat("[", 100000) + ")\nstructure A {}",
		"mixins": head + "@mixin\nstructure A with [B] {}\n@mixin\nstructure B with [A] {}", "not text": head + "\x00\xff",
	} {
		started := time.Now()
		found := run(text, validate.Options{})
		if took := time.Since(started); took > 2*time.Minute {
			t.Errorf("%s took %s", name, took)
		}
		if (len(found) == 0) != (name == "fan") {
			t.Errorf("%s: %d events", name, len(found))
		}
	}
}
