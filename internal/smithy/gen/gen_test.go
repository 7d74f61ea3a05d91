package gen_test

import (
	"fmt"
	"os"
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
	head := "$version: \"2\"\nnamespace ex\n"
	tests := []struct{ text, want string }{
		{head + "union U { a: String }", "m.smithy:3:1: the union `ex#U`: unions have no agreed form in MessagePack: make it a structure of optional members"},
		{head + "structure A { a: Timestamp }", "m.smithy:3:15: `ex#A$a` is a timestamp, which these messages cannot hold: make it a Long that counts milliseconds"},
		{head + "timestamp T\nlist L { member: T }\nstructure A { a: L }", "is a timestamp, which"},
		{head + "structure A { a: Document }", "is a document, which these messages cannot hold: make it a String or a Blob that holds JSON"},
		{head + "structure A { a: BigInteger }", "is a bigInteger, which these messages cannot hold: make it a Long"},
		{head + "structure a_b {}\nstructure AB {}", "are both called AB in Go"},
		{head + "use org.wasmcloud.model#rename\nstructure A { @rename([{lang: \"go\", name: \"a-b\"}]) a: String }", "`ex#A$a` becomes \"a-b\" in Go, which is no exported name there"},
		{head + "structure A { a_b: String aB: String }", "are both called AB in Go: rename one by @rename"},
		{head + "structure A { marshalMsgpack: String }", "which every message has as a method"},
		{head + "enum E { A }\nstructure EA {}", "are both called EA in Go"},
		{head + "service S { version: \"1\" operations: [Call] }\noperation Call {}", "m.smithy:4:1: `ex#Call`: clients have a field Call"},
		{head + "service S { version: \"1\" operations: [O] }\noperation O { input: SClient }\nstructure SClient {}", "`ex#SClient` and `ex#S` are both called SClient in Go"},
		{head + "use org.wasmcloud.model#wasmbus\n@wasmbus(actorReceive: true, protocol: \"2\")\nservice S { version: \"1\" operations: [O] }\noperation O {}", "m.smithy:4:40: the service `ex#S` speaks CBOR"},
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
