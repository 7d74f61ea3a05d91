package gen_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/core"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/gen"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/validate"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

func load(t *testing.T, text []byte) *model.Model {
	t.Helper()
	m, events := validate.Run([]model.Source{
		{Name: "wasmcloud-model.smithy", Data: core.Read("wasmcloud-model.smithy")}, {Name: "m.smithy", Data: text},
	}, validate.Options{BareMessages: true})
	if validate.Worst(events) == model.Error {
		t.Fatal(events)
	}
	return m
}

// The code of the SDK's contracts, and the sample that the other tests run, is what the generator
// writes; so are its tests, which run where it is.
func TestCodeIsUpToDate(t *testing.T) {
	models, err := filepath.Glob("../../../interfaces/*/*.smithy")
	if err != nil || len(models) != 6 {
		t.Fatalf("%d contracts, %v", len(models), err)
	}
	upToDate(t, "sample/sample.smithy", "org.example.sample", "sample")
	upToDate(t, "samplecbor/samplecbor.smithy", "org.example.samplecbor", "samplecbor")
	upToDate(t, "sampledefaults/sampledefaults.smithy", "org.example.sampledefaults", "sampledefaults")
	for _, file := range models {
		contract := strings.TrimSuffix(filepath.Base(file), ".smithy")
		upToDate(t, file, "org.wasmcloud.interface."+contract, filepath.Join("../../../sdk/contracts", contract))
	}
}

func upToDate(t *testing.T, file, namespace, folder string) {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(err)
	}
	m, o := load(t, text), gen.Options{Package: filepath.Base(folder), Namespace: namespace}
	for name, write := range map[string]func(*model.Model, gen.Options) ([]byte, error){"generated.go": gen.Go, "generated_test.go": gen.GoTests} {
		code, err := write(m, o)
		if err != nil {
			t.Fatal(err)
		}
		testkit.GoldenFile(t, filepath.Join(folder, name), code)
	}
}

func TestRefusals(t *testing.T) {
	const head, n = "$version: \"2\"\nnamespace ex\n", "use org.wasmcloud.model#n\n"
	const speaksCBOR = "use org.wasmcloud.model#wasmbus\n@wasmbus(actorReceive: true, protocol: \"2\")\nservice S { version: \"1\" operations: [O] }\noperation O { input: A }\n"
	tests := []struct{ text, want string }{
		{head + "union U { a: String }", "m.smithy:3:11: the members of `ex#U` travel by number: give each one its own, such as @n(0)"},
		{head + n + "union U { @n(0) a: String @n(0) b: String }", "`ex#U$a` and `ex#U$b` have the same number, @n(0)"},
		{head + n + "use org.wasmcloud.model#wasmbus\n@wasmbus(actorReceive: true)\nservice S { version: \"1\" operations: [O] }\noperation O { input: A }\nstructure A { u: U }\nunion U { @n(0) a: String }",
			"m.smithy:9:1: the union `ex#U` is in messages of `ex#S`, whose peers have no unions: weld-codegen makes them for @wasmbus(protocol: \"2\") alone. Say so, or make it a structure"},
		{head + n + speaksCBOR + "structure A { @n(0) a: String b: String }", "m.smithy:8:31: the members of `ex#A` travel by number"},
		{head + n + speaksCBOR + "structure A { a: String @n(0) b: String }", "m.smithy:8:31: the members of `ex#A` travel by number"},
		{head + n + speaksCBOR + "structure A { @n(1) a: String @n(1) b: String }", "have the same number, @n(1)"},
		{head + "use org.wasmcloud.model#wasmbus\n@wasmbus(actorReceive: true, protocol: \"1\")\nservice S { version: \"1\" operations: [O] }\noperation O {}", "m.smithy:4:40: the service `ex#S` speaks protocol \"1\", which does not exist: want \"0\" (MessagePack) or \"2\" (CBOR)"},
		{head + "structure A { a: BigInteger }", "m.smithy:3:15: `ex#A$a` is a bigInteger, which these messages cannot hold: make it a Long, or a String of digits"},
		{head + "bigDecimal D\nlist L { member: D }\nstructure A { a: L }", "is a bigDecimal, which these messages cannot hold: make it a Double"},
		{head + "structure A {\n  a: Blob = \"a\"\n}", "m.smithy:4:13: the default of `ex#A$a` is a: want bytes in base64, with the = at its end"},
		{head + "use org.wasmcloud.model#U32\nstructure A {\n  a: U32 = -1\n}", "m.smithy:5:12: the default of `ex#A$a` is -1: want one of 0 to 4294967295"},
		{head + "structure A {\n  a: Long = 9223372036854775808\n}", "is 9223372036854775808: want one of -9223372036854775808 to 9223372036854775807"},
		{head + "structure A {\n  a: Long = 1e9999\n}", "is 1e9999: want one of"},
		{head + "structure A {\n  a: Float = 1e39\n}", "is 1e39: want a number that 32 bits can hold"},
		{head + "structure A {\n  a: Document = -1e309\n}", "is -1e309: want a number that 64 bits can hold"},
		{head + "structure A {\n  a: Timestamp = 253402300800\n}", "is 253402300800: want a time between the years 1 and 9999"},
		{head + "structure A {\n  a: Timestamp = \"0000-12-31T23:59:59Z\"\n}", "is 0000-12-31T23:59:59Z: want a time between the years 1 and 9999"},
		{head + "structure a_b {}\nstructure AB {}", "are both called AB in Go"},
		{head + "use org.wasmcloud.model#rename\nstructure A { @rename([{lang: \"go\", name: \"a-b\"}]) a: String }", "`ex#A$a` becomes \"a-b\" in Go, which is no exported name there"},
		{head + "structure A { a_b: String aB: String }", "are both called AB in Go: rename one by @rename"},
		{head + "structure A { marshalMsgpack: String }", "which every message has as a method"},
		{head + "enum E { A }\nstructure EA {}", "are both called EA in Go"},
		{head + "service S { version: \"1\" operations: [Call] }\noperation Call {}", "m.smithy:4:1: `ex#Call`: clients have a field Call"},
		{head + "service S { version: \"1\" operations: [O] }\noperation O { input: SClient }\nstructure SClient {}", "`ex#SClient` and `ex#S` are both called SClient in Go"},
		{"$version: \"2\"\nnamespace other\nstructure A {}", "the namespace ex defines nothing to generate"},
	}
	for _, tt := range tests {
		if _, err := gen.Go(load(t, []byte(tt.text)), gen.Options{Package: "p", Namespace: "ex"}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v", tt.text, err)
		}
	}
	if _, err := gen.Go(load(t, []byte(head+"structure A {}")), gen.Options{Package: "a-b", Namespace: "ex"}); err == nil {
		t.Error("a-b is taken for a package's name")
	}
}

// What is generated compiles also where it is of little: each import is used.
func TestSmallModels(t *testing.T) {
	const head = "$version: \"2\"\nnamespace ex\nuse org.wasmcloud.model#n\nuse org.wasmcloud.model#Unit\n"
	for _, text := range []string{
		"enum E {\n A\n}", "intEnum I {\n A = 1\n}", "structure A {}", "union U { @n(0) a: Unit @n(1) b: smithy.api#Unit }", "union U { @n(0) a: String }",
		"service S { version: \"1\" operations: [O] }\noperation O {}", "structure A { @required t: Timestamp }", "structure A { d: Document }",
		"/// See msgpack.Reader and time.Time.\nenum E {\n A\n}",
	} {
		m, o := load(t, []byte(head+text)), gen.Options{Package: "p", Namespace: "ex"}
		for name, write := range map[string]func(*model.Model, gen.Options) ([]byte, error){"code": gen.Go, "tests": gen.GoTests} {
			code, err := write(m, o)
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), "p.go", code, 0)
			if err != nil {
				t.Fatal(err)
			}
			known := map[string]bool{}
			for _, i := range file.Imports {
				known[path.Base(strings.Trim(i.Path.Value, `"`))] = true
			}
			for _, id := range file.Unresolved { // names of packages among them
				delete(known, id.Name)
			}
			if len(known) > 0 {
				t.Errorf("%s: the %s import in vain: %v", text, name, known)
			}
		}
	}
}

// Values of a model can be far larger than the model.
func TestValuesThatDoubleWithEachLevel(t *testing.T) {
	var b strings.Builder
	b.WriteString("$version: \"2\"\nnamespace ex\n")
	const levels = 60
	for i := range levels {
		fmt.Fprintf(&b, "structure A%d { a: A%d b: A%d c: String }\n", i, i+1, i+1)
	}
	fmt.Fprintf(&b, "structure A%d {}\n", levels)
	m, o := load(t, []byte(b.String())), gen.Options{Package: "p", Namespace: "ex"}
	code, err := gen.Go(m, o)
	tests, testsErr := gen.GoTests(m, o)
	if err != nil || testsErr != nil || len(code)+len(tests) > 1<<20 {
		t.Errorf("%d and %d bytes: %v, %v", len(code), len(tests), err, testsErr)
	}
}
