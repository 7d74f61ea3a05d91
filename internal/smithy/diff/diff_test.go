package diff

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/core"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/validate"
)

const head = "$version: \"2\"\nnamespace ex\nuse org.wasmcloud.model#n\nuse org.wasmcloud.model#serialization\n" +
	"use org.wasmcloud.model#unsignedInt\nuse org.wasmcloud.model#wasmbus\n"

func load(t *testing.T, text string, imported ...model.Source) *model.Model {
	t.Helper()
	m, events := model.Load(append(imported,
		model.Source{Name: "wasmcloud-model.smithy", Data: core.Read("wasmcloud-model.smithy")},
		model.Source{Name: "m.smithy", Data: []byte(head + text)},
	))
	if validate.Worst(events) == model.Error {
		t.Fatal(events)
	}
	return m
}

func compare(t *testing.T, old, now string) []string {
	t.Helper()
	found := []string{}
	imported := model.Source{Name: "other.smithy", Data: []byte("$version: \"2\"\nnamespace other\noperation P {}")}
	for _, e := range Models(load(t, old, imported), load(t, now), func(ns string) bool { return ns == "ex" }) {
		found = append(found, fmt.Sprintf("%s %s %s", e.Severity, e.ID, e.Shape))
	}
	slices.Sort(found)
	return found
}

// The new version's metadata has a say in what is a warning.
func TestSeverities(t *testing.T) {
	const service = "service S {\n version: \"1\"\n operations: [O]\n}\noperation O {}\n"
	added := strings.Replace(service, "[O]", "[O, P]", 1) + "operation P {}"
	for entry, want := range map[string]string{
		"metadata severityOverrides = [{ id: \"AddedOperation\", namespace: \"ex\", severity: \"DANGER\" }]": "DANGER AddedOperation ex#S",
		"metadata suppressions = [{ id: \"AddedOperation\", namespace: \"ex\" }]":                            "SUPPRESSED AddedOperation ex#S",
	} {
		m, events := model.Load([]model.Source{{Name: "m.smithy", Data: []byte("$version: \"2\"\n" + entry + "\nnamespace ex\n" + added)}})
		if len(events) > 0 {
			t.Fatal(events)
		}
		found := []string{}
		for _, e := range Models(load(t, service), m, func(ns string) bool { return ns == "ex" }) {
			found = append(found, fmt.Sprintf("%s %s %s", e.Severity, e.ID, e.Shape))
		}
		if !slices.Contains(found, want) {
			t.Errorf("%s: %q, want %s", entry, found, want)
		}
	}
}

func TestChanges(t *testing.T) {
	const service = "service S {\n version: \"1\"\n operations: [O, P]\n}\noperation O {}\noperation P {}\n"
	const resource = "service S {\n version: \"1\"\n resources: [R]\n}\nresource R { read: O operations: [P] }\n@readonly\noperation O {}\noperation P {}\n"
	const failing = "operation O { errors: [E, F] }\n@error(\"client\")\nstructure E {}\n@error(\"server\")\nstructure F {}\n"
	const zeros = "structure A {\n a: String = \"\"\n b: Integer = 0\n c: Double = 0.0\n d: Boolean = false\n e: L = []\n f: Blob = \"\"\n}\nlist L { member: String }"
	tests := []struct{ name, old, now, want string }{
		{"nothing", "structure A { a: String }", "structure A { a: String }", ""},
		{"added", "structure A { a: String }", "structure A {\n a: String\n b: String\n}", "NOTE AddedMember ex#A$b"},
		{"added required", "structure A {}", "structure A { @required b: String }", "ERROR AddedRequiredMember ex#A$b"},
		{"became required", "structure A { b: String }", "structure A { @required b: String }", "ERROR AddedRequired ex#A$b"},
		{"no longer required", "structure A { @required b: String }", "structure A { b: String }", "WARNING RemovedRequired ex#A$b"},
		{"removed", "structure A { b: String }", "structure A {}", "ERROR RemovedMember ex#A$b"},
		{"type", "structure A { b: String }", "structure A { b: Integer }", "ERROR ChangedType ex#A$b"},
		{"list", "list A { member: String }", "list A { member: Integer }", "ERROR ChangedType ex#A$member"},
		{"number", "structure A { @n(0) b: String }", "structure A { @n(1) b: String }", "ERROR ChangedFieldNumber ex#A$b"},
		{"number gone", "structure A { @n(0) b: String }", "structure A { b: String }", "ERROR ChangedFieldNumber ex#A$b"},
		{"number used again", "structure A { @n(0) b: String }", "structure A { @n(0) c: String }",
			"ERROR RemovedMember ex#A$b\nERROR ReusedFieldNumber ex#A$c\nNOTE AddedMember ex#A$c"},
		{"name in messages", "structure A { b: String }", "structure A { @serialization(name: \"x\") b: String }", "ERROR ChangedWireName ex#A$b"},
		{"same name in messages", "structure A { b: String }", "structure A { @serialization(name: \"b\") b: String }", ""},
		{"kind", "structure A {}", "union A { a: String }", "ERROR ChangedKind ex#A"},
		{"shape", "structure A {}", "", "ERROR RemovedShape ex#A"},
		{"new shape", "", "structure A {}", "NOTE AddedShape ex#A"},
		{"operation", service, strings.Replace(strings.Replace(service, ", P", "", 1), "operation P {}\n", "", 1), "ERROR RemovedOperation ex#P"},
		{"operation of the service", service, strings.Replace(service, ", P", "", 1), "ERROR RemovedOperation ex#S"},
		{"new operation", service, strings.Replace(service, ", P", ", P, Q", 1) + "operation Q {}", "NOTE AddedShape ex#Q\nWARNING AddedOperation ex#S"},
		{"operation of a resource", resource, strings.Replace(resource, "read: O ", "", 1), "ERROR RemovedOperation ex#S"},
		{"resource", resource, strings.Replace(resource, "resources: [R]", "", 1), "ERROR RemovedOperation ex#S\nERROR RemovedOperation ex#S"},
		{"new resource", strings.Replace(resource, "resources: [R]", "", 1), resource, "WARNING AddedOperation ex#S\nWARNING AddedOperation ex#S"},
		{"operation to a resource", strings.Replace(strings.Replace(resource, "read: O", "", 1), "operations: [P]", "operations: [P, O]", 1), resource, ""},
		{"operation of an import that is gone", "service S {\n version: \"1\"\n operations: [other#P]\n}", "service S {\n version: \"1\"\n}", "ERROR RemovedOperation ex#S"},
		{"error", failing, strings.Replace(failing, "E, F", "E", 1), "WARNING RemovedError ex#O"},
		{"new error", strings.Replace(failing, "E, F", "E", 1), failing, "WARNING AddedError ex#O"},
		{"errors in another order", failing, strings.Replace(failing, "E, F", "F, E", 1), ""},
		{"error of a service", "service S {\n version: \"1\"\n errors: [E]\n}\n@error(\"client\")\nstructure E {}",
			"service S {\n version: \"1\"\n}\n@error(\"client\")\nstructure E {}", "WARNING RemovedError ex#S"},
		{"new default", "structure A { b: String }", "structure A {\n b: String = \"x\"\n}", "ERROR ChangedDefault ex#A$b"},
		{"default gone", "structure A {\n b: Integer = 1\n}", "structure A { b: Integer }", "ERROR ChangedDefault ex#A$b"},
		{"default", "structure A {\n b: Boolean = true\n}", "structure A {\n b: Boolean = false\n}", "ERROR ChangedDefault ex#A$b"},
		{"default of an enum", "enum E {\n X\n Y\n}\nstructure A {\n b: E = \"X\"\n}", "enum E {\n X\n Y\n}\nstructure A {\n b: E = \"Y\"\n}", "ERROR ChangedDefault ex#A$b"},
		{"default that is null", "structure A {\n b: Double = 1\n}", "structure A {\n b: Double = null\n}", "ERROR ChangedDefault ex#A$b"},
		{"default that is zero", zeros, "structure A {\n a: String\n b: Integer\n c: Double\n d: Boolean\n e: L\n f: Blob\n}\nlist L { member: String }", ""},
		{"zero that is none", "structure A {\n a: Timestamp\n b: Document\n}", "structure A {\n a: Timestamp = 0\n b: Document = false\n}", "ERROR ChangedDefault ex#A$a\nERROR ChangedDefault ex#A$b"},
		{"default in other figures", "structure A {\n b: Double = 1\n}", "structure A {\n b: Double = 1.0\n}", ""},
		{"default of a new type", "structure A {\n b: Integer = 1\n}", "structure A {\n b: String = \"x\"\n}", "ERROR ChangedType ex#A$b"},
		{"default of what is always sent", "structure A {\n @required\n b: Integer = 1\n}", "structure A {\n @required\n b: Integer = 2\n}", ""},
		{"default of what was always sent", "structure A {\n @required\n b: Integer = 1\n}", "structure A {\n b: Integer = 2\n}",
			"ERROR ChangedDefault ex#A$b\nWARNING RemovedRequired ex#A$b"},
		{"input", "operation O { input: A }\nstructure A {}\nstructure B {}", "operation O { input: B }\nstructure A {}\nstructure B {}", "ERROR ChangedType ex#O"},
		{"contract", "@wasmbus(contractId: \"a:b\")\n" + service, "@wasmbus(contractId: \"a:c\")\n" + service, "ERROR ChangedWasmbus ex#S"},
		{"protocol", "@wasmbus\n" + service, "@wasmbus(protocol: \"2\")\n" + service, "ERROR ChangedWasmbus ex#S"},
		{"default protocol", "@wasmbus\n" + service, "@wasmbus(protocol: \"0\")\n" + service, ""},
		{"sign", "integer I", "@unsignedInt\ninteger I", "ERROR ChangedSign ex#I"},
		{"longer", "@length(max: 5)\nstring A", "@length(max: 6)\nstring A", ""},
		{"shorter", "@length(max: 5)\nstring A", "@length(max: 4)\nstring A", "ERROR NarrowedConstraint ex#A"},
		{"new limit", "string A", "@length(min: 1)\nstring A", "ERROR NarrowedConstraint ex#A"},
		{"limit gone", "@range(min: 1)\ninteger A", "integer A", ""},
		{"pattern", "@pattern(\"a\")\nstring A", "@pattern(\"b\")\nstring A", "WARNING ChangedPattern ex#A"},
		{"variant", "union A { a: String }", "union A {\n a: String\n b: String\n}", "WARNING AddedVariant ex#A$b"},
		{"enum", "enum A {\n X\n Y\n}", "enum A {\n X\n}", "ERROR RemovedMember ex#A$Y"},
		{"enum value", "enum A {\n X = \"a\"\n}", "enum A {\n X = \"b\"\n}", "ERROR ChangedValue ex#A$X"},
		{"old enum", "@enum([{ value: \"a\" }, { value: \"b\" }])\nstring A", "@enum([{ value: \"a\" }])\nstring A", "ERROR RemovedValue ex#A"},
		{"documentation", "structure A {}", "/// New.\nstructure A {}", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, strings.Join(compare(t, tt.old, tt.now), "\n")); diff != "" {
				t.Errorf("want -, have +:\n%s", diff)
			}
		})
	}
}
