package model

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func load(t testing.TB, sources ...string) (*Model, []Event) {
	t.Helper()
	var list []Source
	for i, text := range sources {
		name := fmt.Sprintf("m%d.smithy", i)
		if strings.HasPrefix(text, "{") {
			name = fmt.Sprintf("m%d.json", i)
		}
		list = append(list, Source{Name: name, Data: []byte(text)})
	}
	return Load(list)
}

func errorsOf(events []Event) []string {
	var list []string
	for _, e := range events {
		if e.Severity == Error {
			list = append(list, fmt.Sprintf("%d:%d %s", e.Pos.Line, e.Pos.Column, e.Message))
		}
	}
	return list
}

const zoo = `$version: "2"
namespace ex
@trait
structure marked { level: Integer, words: Words }
list Words { member: String }
@marked(level: 3, words: ["a", "b"])
@title("The service")
service Svc { version: "7", operations: [Get, Put] }
@readonly
operation Get { input: In, output: Out }
operation Put { input: In, errors: [Bad] }
structure In {
    @required
    key: Key
    tags: Words
}
structure Out { tree: Tree }
structure Tree { left: Tree, level: Level }
@error("client")
structure Bad {}
@pattern("x")
string Key
enum Level { LOW }
@mixin
structure Base { a: String }
structure Derived with [Base] {}
map Dict {
    key: String
    value: Tree
}
`

func TestSelectors(t *testing.T) {
	m, events := load(t, zoo)
	if list := errorsOf(events); len(list) > 0 {
		t.Fatal(list)
	}
	tests := []struct{ selector, want string }{
		{"service", "Svc"},
		{"operation [trait|readonly]", "Get"},
		{"operation:not([trait|readonly])", "Put"},
		{"service > operation -[input]-> structure", "In"},
		{"operation -[input, output]-> structure > member", "In$key In$tags Out$tree"},
		{"structure > member[trait|required] > string", "Key"},
		{"structure > :test(member > enum)", "Tree$level"},
		{":is(service, enum)", "Level Svc"},
		{"[trait|ex#marked|level >= 3]", "Svc"},
		{"[trait|ex#marked|level > 3]", ""},
		{"[trait|ex#marked|words|(values) = b]", "Svc"},
		{"[trait|ex#marked|words|(length) = 2]", "Svc"},
		{"[trait|title *= SERV i]", "Svc"},
		{"[trait|title ^= 'The ']", "Svc"},
		{"[trait|title $= \"service\"]", "Svc"},
		{"[service|version = 7]", "Svc"},
		{"[id = ex#Key]", "Key"},
		{"[id|namespace = ex] [id|name = Key, Level]", "Key Level Level$LOW"},
		{"[id|member = value]", "Dict$value"},
		{"[trait|readonly ?= true]", "Get"},
		{"[id = ex#Tree] <", "Dict$value Out$tree Tree$left"},
		{"[id = ex#Bad] <-[error]- operation", "Put"},
		{"map ~> enum", "Level"},
		{"[id = ex#Derived] -[mixin]-> *", "Base"},
		{"enum, service", "Level"}, // as in smithy-cli, the rest does not count
		{"resource", ""},
		{"[trait|(keys) = smithy.api#readonly]", "Get"},
		{"[trait|(values)|(length) = 2] [id|name = Svc]", "Svc"},
		{"[trait|ex#marked|words|(first) = a]", "Svc"},
		{"[trait|ex#marked|words|(values) {<} a, b, c]", "Svc"},
		{"[trait|ex#marked|words|(values) {<<} a, b]", ""},
		{"[trait|ex#marked|words|(values) {=} B, A i]", "Svc"},
		{"[trait|ex#marked|words|(values) {!=} a, b]", ""},
		{"[@trait|ex#marked: @{level} = 3 && @{words|(values)} = x, b]", "Svc"},
		{"[@trait|ex#marked: @{level} = 3 && @{words|(values)} = x]", ""},
		{"[@trait|ex#marked|words|(values): @{(length)} = @{(length)}]", "Svc"},
		{"[@: @{id|name} = @{id|member}]", ""},
		{"[@: @{id|namespace} = ex && @{id|name} = 'KEY' i]", "Key"},
		{"service $ops(~> operation) ${ops}", "Get Put"},
		{"operation $errors(-[error]->) :not(${errors})", "Get"},
		{"service ${nope}", ""},
		{"operation :in(:root(operation [trait|readonly]))", "Get"},
		{"service :root([id|name = Key])", "Key"},
		{"structure :in([id|name = Tree])", "Tree"},
		{":topdown(service)", "Get Put Svc"},
		{":topdown(service, [trait|readonly])", "Put Svc"},
		{":topdown([trait|readonly])", "Get"},
	}
	for _, tt := range tests {
		s, err := ParseSelector(tt.selector)
		if err != nil {
			t.Error(err)
			continue
		}
		var names []string
		for shape := range s.Select(m) {
			if Namespace(shape.ID) == "ex" {
				names = append(names, Name(shape.ID))
			}
		}
		slices.Sort(names)
		if got := strings.Join(names, " "); got != tt.want {
			t.Errorf("%s: %s; want %s", tt.selector, got, tt.want)
		}
	}
	for _, bad := range []string{"", "foo", "foo(", "[", "[trait", "[trait|]", "[id =]", ":is(", ":is()", ":nope(string)", "-[x", "$v", "$v(", "$v(*, *)", "${", "${}", "${v", "[@trait: @{x} = 1", "[@trait: x = 1]", "[@trait @{x} = 1]", "[@trait: @{x = 1]", ":topdown(*, *, *)", ":in(*, *)", ":root()",
		strings.Repeat(":not(", 1<<16), "[id = 'x", "\xff"} {
		if _, err := ParseSelector(bad); err == nil {
			t.Errorf("%.20q is read", bad)
		}
	}
}

func FuzzSelector(f *testing.F) {
	m, _ := load(f, zoo)
	for _, s := range []string{"structure > :test(member > enum)", "[trait|a|(values) = 'x' i]", "-[input, output]-> ~> <", ":is(:not(*), [id|name ^= A])", "$a(~> *) :in(${a}) :root(:topdown(service, *))", "[@trait: @{a|(values)} {<} @{b} && @{c} ?= true i]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := ParseSelector(text); err == nil && strings.Count(text, "~>")+strings.Count(text, "<")+3*strings.Count(text, "$") < 8 {
			s.Select(m)
		}
	})
}

func TestHostileAST(t *testing.T) {
	shape := func(s string) string { return `{"smithy":"2.0","shapes":{"ex#A":` + s + `}}` }
	tests := []struct{ text, want string }{
		{`{`, "1:2 invalid JSON: EOF"},
		{`{} x`, "1:4 invalid JSON"},
		{`{}`, "1:1 not a Smithy model"},
		{`{"smithy":3}`, "1:1 not a Smithy model"},
		{`{"smithy":"2.0","smithy":"2.0"}`, `invalid JSON: the key "smithy" comes twice`},
		{`{"smithy":"2.0","shapes":{"A":{}}}`, "`A` is not a shape id"},
		{shape(`{}`), "the shape `ex#A` has no type"},
		{shape(`7`), "the shape `ex#A` has no type"},
		{shape(`{"type":"animal"}`), "unknown kind of shape `animal`"},
		{shape(`{"type":"structure","members":{"a":{}}}`), "the member `ex#A$a` has no target"},
		{shape(`{"type":"structure","members":{"a":[]}}`), "the member `ex#A$a` has no target"},
		{shape(`{"type":"service","operations":{}}`), "want a list of shapes for `operations`, found object"},
		{shape(`{"type":"service","operations":[1]}`), "want a shape in `operations`, found number"},
		{shape(`{"type":"service","version":{}}`), "want a string for `version`, found object"},
		{shape(`{"type":"operation","input":[]}`), "want a shape for `input`, found array"},
		{shape(`{"type":"resource","identifiers":[]}`), "want an object for `identifiers`, found array"},
		{shape(`{"type":"structure","traits":{"no#trait":1}}`), "the trait `no#trait` is not defined"},
		{shape(`{"type":"apply","traits":{"smithy.api#deprecated":{}}}`), "`ex#A` gets a trait but is not defined"},
		{shape(`{"type":"structure","mixins":[{"target":"ex#A"}]}`), "`ex#A` is a mixin of itself"},
		{`{"a":` + strings.Repeat("[", 1<<20), "values are nested more than 128 deep"},
	}
	for _, tt := range tests {
		m, events := load(t, tt.text)
		if list := errorsOf(events); !slices.ContainsFunc(list, func(s string) bool { return strings.Contains(s, tt.want) }) {
			t.Errorf("%.60s: %q; want %s", tt.text, list, tt.want)
		}
		if !json.Valid(m.AST()) {
			t.Errorf("%.60s: the AST is not JSON", tt.text)
		}
	}
}

// Long chains and wide models cost time in proportion.
func TestBigModels(t *testing.T) {
	const n = 4000
	var chain, wide, applied strings.Builder
	for i := range n {
		fmt.Fprintf(&chain, "@mixin\nstructure M%d with [M%d] {}\n", i+1, i)
		fmt.Fprintf(&wide, "structure W%d {\n a: W%d\n}\noperation O%d {\n input := {}\n}\n", i, (i+1)%n, i)
		fmt.Fprintf(&applied, "apply A @tags([\"%d\"])\n", i)
	}
	head := "$version: \"2\"\nnamespace ex\n"
	for name, text := range map[string]string{
		"mixins":  head + "@mixin\nstructure M0 {}\n" + chain.String(),
		"wide":    head + wide.String(),
		"applied": head + "structure A {}\n" + applied.String(),
	} {
		start := time.Now()
		_, events := load(t, text)
		if list := errorsOf(events); len(list) > 0 {
			t.Errorf("%s: %q", name, list[0])
		}
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("%s: %v", name, took)
		}
	}
}

func TestSeveralFiles(t *testing.T) {
	m, events := load(t, "$version: \"2\"\nmetadata a = [1]\nnamespace one\nuse two#T\nstructure S {\n t: T\n}\n",
		"metadata a = [2]\nnamespace two\nstring T\napply one#S$t @documentation(\"x\")\n",
		`{"smithy":"2.0","metadata":{"a":[3]},"shapes":{"three#U":{"type":"structure","members":{"s":{"target":"one#S"}}}}}`)
	if list := errorsOf(events); len(list) > 0 {
		t.Fatal(list)
	}
	if got := m.Shape("one#S$t"); got == nil || got.Target != "two#T" || got.Trait("documentation").Value.Text != "x" {
		t.Errorf("%+v", got)
	}
	if len(m.Metadata["a"].Items) != 3 || m.Shape("three#U$s").Target != "one#S" {
		t.Error("the files are not put together")
	}
}

func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("../testdata/*/*.smithy")
	if err != nil || len(files) == 0 {
		f.Fatal(err)
	}
	golden, err := filepath.Glob("../testdata/oracle/*.json")
	if err != nil || len(golden) == 0 {
		f.Fatal(err)
	}
	for _, name := range append(files, golden...) {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, strings.HasSuffix(name, ".json"))
	}
	f.Fuzz(func(t *testing.T, text []byte, isJSON bool) {
		name := "f.smithy"
		if isJSON {
			name = "f.json"
		}
		if len(text) > 1<<15 {
			return
		}
		m, _ := Load([]Source{{Name: name, Data: text}})
		if !json.Valid(m.AST()) {
			t.Errorf("the AST is not JSON:\n%s", m.AST())
		}
	})
}
