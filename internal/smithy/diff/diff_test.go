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

func load(t *testing.T, text string) *model.Model {
	t.Helper()
	m, events := model.Load([]model.Source{
		{Name: "wasmcloud-model.smithy", Data: core.Read("wasmcloud-model.smithy")},
		{Name: "m.smithy", Data: []byte(head + text)},
	})
	if validate.Worst(events) == model.Error {
		t.Fatal(events)
	}
	return m
}

func compare(t *testing.T, old, now string) []string {
	t.Helper()
	found := []string{}
	for _, e := range Models(load(t, old), load(t, now), func(ns string) bool { return ns == "ex" }) {
		found = append(found, fmt.Sprintf("%s %s %s", e.Severity, e.ID, e.Shape))
	}
	slices.Sort(found)
	return found
}

func TestChanges(t *testing.T) {
	const service = "service S {\n version: \"1\"\n operations: [O, P]\n}\noperation O {}\noperation P {}\n"
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
