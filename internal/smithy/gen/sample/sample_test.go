// Package sample_test runs what the generator writes.
package sample_test

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/gen/sample"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/document"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
)

func full() sample.Everything {
	return sample.Everything{
		Text: "text", Optional: "o", Flag: true, Maybe: true, Bytes: []byte{0, 0xff}, Tiny: 255, Small: 65535, Count: 1 << 31, Big: 1 << 63,
		Signed: -1 << 63, Ratio: 0.5, Short: 0.25, Renamed: -7, Names: []string{"a", ""}, Table: map[string][]string{"k": {"v"}, "e": nil},
		Nested: map[string]map[string][]string{"n": {"k": {"v"}}}, Colour: sample.ColourGREEN,
		Inner: &sample.Everything{Text: "inner", Bytes: []byte{}}, Many: []sample.Leaf{{At: 1}, {At: 2}},
		Retries: -1, Greeting: "hi", On: true, Zero: 9, Removed: true, Level: sample.LevelHIGH, Leaf: &sample.Leaf{At: 3}, Must: sample.Leaf{At: 4},
		Leaves: map[string]sample.Leaf{"l": {At: 5}}, Blobs: [][]byte{{1}, {}},
		At: time.Unix(-1, 5).UTC(), Times: []time.Time{{}, time.Unix(1<<33, 0).UTC()}, Extra: document.Array{nil, document.Bool(true)},
		Open: map[string]document.Value{"o": document.Object{"b": document.Blob{1}, "f": document.Float(0.5)}, "u": document.Uint(1 << 63), "i": document.Int(-1)},
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
	if b := (sample.Everything{}).MarshalMsgpack(); b[0] != 0x80|(8+3) {
		t.Error("not the required members and those with a default are sent alone:", b)
	}
	if b := full().MarshalMsgpack(); !bytes.Contains(b, []byte("other_name")) || bytes.Contains(b, []byte("renamed")) {
		t.Error("@serialization is not heeded")
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
func (s *service) All(string) ([]sample.Everything, error) { return []sample.Everything{full()}, nil }
func (s *service) Now(string) ([]string, error)            { return []string{"now"}, nil }

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

// What is missing or nil has its default, and zero is told from that.
func TestDefaults(t *testing.T) {
	for _, text := range []string{"\x80", "\xc0", "\x83\xa7retries\xc0\xa8greeting\xc0\xa2on\xc0"} {
		v := full()
		if err := v.UnmarshalMsgpack([]byte(text)); err != nil || v.Retries != 3 || v.Greeting != "hello" || !v.On || v.Zero != 0 {
			t.Errorf("%q: %v %+v", text, err, v)
		}
	}
	var got sample.Everything
	if err := got.UnmarshalMsgpack(sample.Everything{}.MarshalMsgpack()); err != nil || got.Retries != 0 || got.Greeting != "" || got.On {
		t.Errorf("%v %+v", err, got)
	}
}

// The forms that wasmCloud's other packers give to bytes, strings and numbers.
func TestPeersForms(t *testing.T) {
	for _, text := range []string{
		"\x82\xa5bytes\xc4\x02hi\xa4text\xa2hi", "\x82\xa5bytes\xa2hi\xa4text\xc4\x02hi", "\x82\xa5bytes\x92\x68\xcd\x00\x69\xa4text\xd9\x02hi",
	} {
		var v sample.Everything
		if err := v.UnmarshalMsgpack([]byte(text)); err != nil || string(v.Bytes) != "hi" || v.Text != "hi" {
			t.Errorf("%q: %v %+v", text, err, v)
		}
	}
	var v sample.Everything
	if err := v.UnmarshalMsgpack([]byte("\x84\xa5ratio\x02\xa5count\xcf\x00\x00\x00\x00\x00\x00\x00\x07\xa5level\xd3\x00\x00\x00\x00\x00\x00\x00\x63\xa6colour\xa4blue")); err != nil ||
		v.Ratio != 2 || v.Count != 7 || v.Level != 99 || v.Colour != "blue" {
		t.Errorf("%v %+v", err, v)
	}
}

// A short message of many small values must not become many large ones.
func TestMemoryIsBounded(t *testing.T) {
	const n = 1 << 20
	array := func(member string, element string) []byte {
		b := msgpack.AppendArray(msgpack.AppendString(msgpack.AppendMap(nil, 1), member), n)
		return append(b, strings.Repeat(element, n)...)
	}
	for name, b := range map[string][]byte{
		"messages": msgpack.AppendArray(nil, n), "blobs": array("blobs", "\xc0"), "names": array("names", "\xa0"),
	} {
		if name == "messages" {
			b = append(b, bytes.Repeat([]byte{0xc0}, n)...)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c := sample.SampleClient{Call: func(string, []byte) ([]byte, error) { return b, nil }}
		var err error
		if name == "messages" {
			_, err = c.All()
		} else {
			_, err = c.Echo(sample.Everything{})
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 100*n {
			t.Errorf("%s: %d bytes of message took %d bytes", name, len(b), took)
		}
		if name == "messages" && !errors.Is(err, msgpack.ErrMemory) {
			t.Errorf("%s: %v", name, err)
		}
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
