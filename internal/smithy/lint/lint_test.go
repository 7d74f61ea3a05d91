package lint

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/core"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
)

const head = `$version: "2"
metadata package = [{ namespace: "ex", crate: "ex" }]
namespace ex
use org.wasmcloud.model#n
use org.wasmcloud.model#serialization
use org.wasmcloud.model#wasmbus
use org.wasmcloud.model#wasmbusData
`

func run(t *testing.T, text string, off ...string) []string {
	t.Helper()
	var sources []model.Source
	for _, name := range core.Names() {
		sources = append(sources, model.Source{Name: name, Data: core.Read(name)})
	}
	m, loaded := model.Load(append(sources, model.Source{Name: "m.smithy", Data: []byte(text)}))
	f, err := syntax.Parse("m.smithy", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	found := []string{}
	for _, e := range Run(m, loaded, []*syntax.File{f}, func(name string) bool { return name == "m.smithy" }, off) {
		if e.Severity > model.Suppressed {
			found = append(found, fmt.Sprintf("%s %s %s", e.Severity, e.ID, e.Shape))
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func TestRules(t *testing.T) {
	const service = "@wasmbus(contractId: \"a:b\", actorReceive: true)\nservice S {\n version: \"1\"\n operations: [O]\n}\n"
	tests := []struct {
		name, text string
		want       []string
	}{
		{"twice", "@serialization\nstructure A {\n @n(0) a: String\n @n(0) b: String\n}", []string{"ERROR FieldNumber ex#A$b"}},
		{"some without", "structure A {\n @n(0) a: String\n b: String\n}", []string{"ERROR FieldNumber ex#A$b"}},
		{"gap", "structure A {\n @n(0) a: String\n @n(2) b: String\n}", []string{"WARNING FieldNumber ex#A"}},
		{"numbered", "structure A {\n @n(1) a: String\n @n(0) b: String\n}", nil},
		{"none", "structure A {\n a: String\n b: String\n}", nil},
		{"no receiver", "@wasmbus(contractId: \"a:b\")\nservice S {\n version: \"1\"\n operations: [O]\n}\noperation O {}", []string{"ERROR Wasmbus ex#S"}},
		{"provider without contract", "@wasmbus(providerReceive: true)\nservice S {\n version: \"1\"\n operations: [O]\n}\noperation O {}", []string{"ERROR Wasmbus ex#S"}},
		{"actor without contract", "@wasmbus(actorReceive: true)\nservice S {\n version: \"1\"\n operations: [O]\n}\noperation O {}", nil},
		{"protocol", "@wasmbus(actorReceive: true, protocol: \"9\")\nservice S {\n version: \"1\"\n operations: [O]\n}\noperation O {}", []string{"ERROR Wasmbus ex#S"}},
		{"form of the contract", "@wasmbus(actorReceive: true, contractId: \"keyvalue\")\nservice S {\n version: \"1\"\n operations: [O]\n}\noperation O {}", []string{"WARNING Wasmbus ex#S"}},
		{"no operations", "@wasmbus(actorReceive: true)\nservice S { version: \"1\" }", []string{"WARNING Wasmbus ex#S"}},
		{"operations of a resource", "@wasmbus(actorReceive: true)\nservice S {\n version: \"1\"\n resources: [R]\n}\nresource R { operations: [O] }\noperation O {}", nil},
		{"no wasmbus", "service S {\n version: \"1\"\n operations: [O]\n}\noperation O {}", []string{"WARNING Wasmbus ex#S"}},
		{"idle", "@wasmbus(actorReceive: true)\nservice S { version: \"1\" }", []string{"WARNING Wasmbus ex#S"}},
		{"data", service + "operation O { input: A }\nstructure A {\n b: B\n}\nstructure B {}", []string{"WARNING WasmbusData ex#A", "WARNING WasmbusData ex#B"}},
		{"data marked", service + "operation O { input: A }\n@wasmbusData\nstructure A {}", nil},
		{"big number", service + "operation O { input: A }\n@wasmbusData\nstructure A {\n a: BigInteger\n}", []string{"ERROR Unserializable ex#A$a"}},
		{"stream", service + "operation O { input: A }\n@wasmbusData\nstructure A {\n @required a: Stream\n}\n@streaming\nblob Stream", []string{"ERROR Unserializable ex#A$a", "ERROR Unserializable ex#Stream"}},
		{"union", service + "operation O { input: A }\n@wasmbusData\nstructure A {\n a: U\n}\n@wasmbusData\nunion U {\n @n(0) a: String\n}", []string{"ERROR Unserializable ex#U"}},
		{"union in CBOR", "@wasmbus(actorReceive: true, protocol: \"2\")\nservice S {\n version: \"1\"\n operations: [O]\n}\noperation O { input: A }\n@wasmbusData\nstructure A {\n a: U\n}\n@wasmbusData\nunion U {\n @n(0) a: String\n @n(7) b: String\n}", nil},
		{"union without numbers", "union U {\n a: String\n b: String\n}", []string{"ERROR FieldNumber ex#U$a"}},
		{"clash of members", "structure A {\n a_b: String\n aB: String\n}", []string{"ERROR CodegenName ex#A$aB"}},
		{"clash in messages", "structure A {\n @serialization(name: \"b\") a: String\n b: String\n}", []string{"ERROR CodegenName ex#A$b"}},
		{"clash of types", "structure a_b {}\nstring AB", []string{"ERROR CodegenName ex#a_b"}},
		{"keyword", "structure Result {}", []string{"WARNING CodegenName ex#Result"}},
		{"unknown trait", "@nobody\nstructure A {}", []string{"ERROR UnknownTrait ex#A"}},
		{"same operation", service + "@wasmbus(contractId: \"a:b\", actorReceive: true)\nservice T {\n version: \"1\"\n operations: [O]\n}\noperation O {}", []string{"WARNING OperationName ex#O"}},
		{"suppressed", "@suppress([\"FieldNumber\"])\nstructure A {\n @n(0) a: String\n b: String\n}", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want == nil {
				tt.want = []string{}
			}
			if diff := cmp.Diff(tt.want, run(t, head+tt.text, "MissingDocs", "UnusedUse")); diff != "" {
				t.Errorf("want -, have +:\n%s", diff)
			}
		})
	}
}

func TestEveryRuleIsSwitchedOffByNameAndMetadata(t *testing.T) {
	const bad = "namespace ex\nuse org.wasmcloud.model#n\nuse org.wasmcloud.model#wasmbus\nuse org.wasmcloud.model#U8\n" +
		"@wasmbus(contractId: \"c\")\nservice S {\n version: \"1\"\n operations: [O]\n}\noperation O { input: A }\n" +
		"@wasmbus(contractId: \"c\", actorReceive: true)\nservice T {\n version: \"1\"\n operations: [O]\n}\n@nobody\nstring N\n" +
		"structure A {\n @n(0) a_b: String\n aB: BigDecimal\n}\n"
	hit := map[string]bool{}
	for _, line := range run(t, bad) {
		hit[strings.Fields(line)[1]] = true
	}
	for _, r := range Rules() {
		if !hit[r.Name] {
			t.Errorf("%s does not fire", r.Name)
		}
		for _, line := range run(t, bad, r.Name) {
			if strings.Contains(line, " "+r.Name+" ") {
				t.Errorf("%s is off, and fires", r.Name)
			}
		}
		meta := fmt.Sprintf("metadata suppressions = [{ id: %q, namespace: \"*\", reason: \"test\" }]\n", r.Name)
		for _, line := range run(t, meta+bad) {
			if strings.Contains(line, " "+r.Name+" ") {
				t.Errorf("%s is suppressed, and fires", r.Name)
			}
		}
	}
}
