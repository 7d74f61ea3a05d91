package gen_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/core"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/gen"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/gen/testdata/httpserver"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/gen/testdata/keyvalue"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/gen/testdata/sample"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/validate"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	contract "github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/httpserver"
)

func generate(t *testing.T, text []byte, o gen.Options) ([]byte, error) {
	t.Helper()
	m, events := validate.Run([]model.Source{
		{Name: "wasmcloud-model.smithy", Data: core.Read("wasmcloud-model.smithy")}, {Name: "m.smithy", Data: text},
	}, validate.Options{BareMessages: true})
	if validate.Worst(events) == model.Error {
		t.Fatal(events)
	}
	return gen.Go(m, o)
}

// The code that the other tests run is what the generator writes.
func TestCodeIsUpToDate(t *testing.T) {
	for name, from := range map[string]struct{ file, namespace string }{
		"sample":     {"testdata/sample.smithy", "org.example.sample"},
		"httpserver": {"../../../interfaces/httpserver/httpserver.smithy", "org.wasmcloud.interface.httpserver"},
		"keyvalue":   {"../../../interfaces/keyvalue/keyvalue.smithy", "org.wasmcloud.interface.keyvalue"},
	} {
		text, err := os.ReadFile(filepath.FromSlash(from.file))
		if err != nil {
			t.Fatal(err)
		}
		code, err := generate(t, text, gen.Options{Package: name, Namespace: from.namespace})
		if err != nil {
			t.Fatal(err)
		}
		testkit.Golden(t, filepath.Join(name, name+".go"), code)
	}
}

func full() sample.Everything {
	return sample.Everything{
		Text: "text", Optional: "o", Flag: true, Maybe: true, Bytes: []byte{0, 0xff}, Tiny: 255, Small: 65535, Count: 1 << 31, Big: 1 << 63,
		Signed: -1 << 63, Ratio: 0.5, Short: 0.25, Renamed: -7, Names: []string{"a", ""}, Table: map[string][]string{"k": {"v"}, "e": nil},
		Nested: map[string]map[string][]string{"n": {"k": {"v"}}}, Colour: sample.ColourGREEN,
		Inner: &sample.Everything{Text: "inner", Bytes: []byte{}}, Many: []sample.Leaf{{At: 1}, {At: 2}},
	}
}

func TestRoundTrip(t *testing.T) {
	for _, want := range []sample.Everything{full(), {Bytes: []byte{}}} {
		b := want.MarshalMsgpack()
		var got sample.Everything
		if err := got.UnmarshalMsgpack(b); err != nil || !bytes.Equal(got.MarshalMsgpack(), b) {
			t.Errorf("%v: %s", err, cmp.Diff(want, got))
		}
	}
	if len(sample.Everything{}.MarshalMsgpack()) > 60 {
		t.Error("optional members that are zero are sent")
	}
	if b := full().MarshalMsgpack(); !bytes.Contains(b, []byte("other_name")) || bytes.Contains(b, []byte("renamed")) {
		t.Error("@serialization is not heeded")
	}
}

// The same bytes as the SDK's contract, whose form real hosts take.
func TestWireIsThatOfTheSDK(t *testing.T) {
	want := contract.Response{Status: 201, Header: map[string][]string{"b": {"1"}, "a": {"2", "3"}}, Body: []byte("x")}.MarshalMsgpack()
	have := httpserver.HttpResponse{StatusCode: 201, Header: map[string][]string{"b": {"1"}, "a": {"2", "3"}}, Body: []byte("x")}.MarshalMsgpack()
	if !bytes.Equal(have, want) {
		t.Errorf("%q; want %q", have, want)
	}
}

type service struct{ fired int }

func (s *service) Echo(_ string, in sample.Everything) (sample.Everything, error) { return in, nil }
func (s *service) Fire(ctx string, _ sample.Nothing) error {
	s.fired++
	if ctx == "fail" {
		return errors.New("no")
	}
	return nil
}
func (s *service) Now(string) ([]string, error) { return []string{"now"}, nil }

func TestClientAndDispatcher(t *testing.T) {
	s := &service{}
	ctx := "ctx"
	c := sample.SampleClient{Call: func(operation string, payload []byte) ([]byte, error) {
		reply, known, err := sample.DispatchSample[string](ctx, s, operation, payload)
		if !known {
			t.Errorf("%s is not known", operation)
		}
		return reply, err
	}}
	out, err := c.Echo(full())
	if diff := cmp.Diff(full().MarshalMsgpack(), out.MarshalMsgpack()); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if names, err := c.Now(); err != nil || len(names) != 1 || names[0] != "now" {
		t.Error(names, err)
	}
	ctx = "fail"
	if err := c.Fire(sample.Nothing{}); err == nil || s.fired != 1 {
		t.Error(err)
	}
	if _, known, _ := sample.DispatchSample[string](ctx, s, "Sample.Nope", nil); known {
		t.Error("an operation that is not there is known")
	}
	if sample.SampleEchoOperation != "Sample.Echo" || sample.Contract != "example:sample" {
		t.Error("names for the bus")
	}
}

func TestBareMessages(t *testing.T) {
	var payload []byte
	c := keyvalue.KeyValueClient{Call: func(_ string, b []byte) ([]byte, error) { payload = b; return []byte{0xc3}, nil }}
	if ok, err := c.Del("k"); err != nil || !ok || string(payload) != "\xa1k" {
		t.Errorf("%v %v %q", ok, err, payload)
	}
}

// What peers may send in error, or by intent.
func TestHostileBytes(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "not a map": "\xa1x", "cut": "\x82\xa4text", "key is a number": "\x81\x01\x01", "text is a map": "\x81\xa4text\x80",
		"number too great": "\x81\xa4tiny\xcd\x01\x00", "negative": "\x81\xa5count\xff", "array of 4 billion": "\x81\xa5names\xdd\xff\xff\xff\xff",
		"map of 4 billion": "\x81\xa5table\xdf\xff\xff\xff\xff", "bytes of 4 billion": "\x81\xa5bytes\xc6\xff\xff\xff\xff", "more after it": "\x80\x80",
		"deep": strings.Repeat("\x81\xa5inner", 100000), "deep in what is skipped": "\x81\xa1?" + strings.Repeat("\x91", 100000),
	} {
		v := full()
		if err := v.UnmarshalMsgpack([]byte(text)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	for name, text := range map[string]string{
		"no members": "\x80", "unknown members": "\x82\xa1?\x93\x01\xc0\xa1x\xa1!\x80", "nil for everything": "\x83\xa4text\xc0\xa5names\xc0\xa5inner\xc0", "nil": "\xc0",
	} {
		v := full()
		if err := v.UnmarshalMsgpack([]byte(text)); err != nil || v.Text != "" || v.Inner != nil || len(v.Names) != 0 {
			t.Errorf("%s: %v %+v", name, err, v)
		}
	}
}

func FuzzEverything(f *testing.F) {
	f.Add(full().MarshalMsgpack())
	f.Add([]byte("\x81\xa5inner\x80"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var v, again sample.Everything
		if v.UnmarshalMsgpack(b) != nil {
			return
		}
		once := v.MarshalMsgpack()
		if err := again.UnmarshalMsgpack(once); err != nil || !bytes.Equal(again.MarshalMsgpack(), once) {
			t.Errorf("%q: %v", b, err)
		}
	})
}

func TestRefusals(t *testing.T) {
	head := "$version: \"2\"\nnamespace ex\n"
	tests := []struct{ text, want string }{
		{head + "union U { a: String }", "m.smithy:3:1: the union `ex#U`: unions have no agreed form"},
		{head + "structure A { a: Timestamp }", "is a timestamp, which these messages cannot hold"},
		{head + "structure A { a: Document }", "is a document, which these messages cannot hold"},
		{head + "structure a_b {}\nstructure AB {}", "are both called AB in Go"},
		{"$version: \"2\"\nnamespace other\nstructure A {}", "the namespace ex defines nothing to generate"},
	}
	for _, tt := range tests {
		if _, err := generate(t, []byte(tt.text), gen.Options{Package: "p", Namespace: "ex"}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v", tt.text, err)
		}
	}
	if _, err := generate(t, []byte(head+"structure A {}"), gen.Options{Package: "a-b", Namespace: "ex"}); err == nil {
		t.Error("a-b is taken for a package's name")
	}
}
