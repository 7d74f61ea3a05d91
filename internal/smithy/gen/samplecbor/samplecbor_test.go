// Package samplecbor_test runs what the generator writes for a service that speaks CBOR.
package samplecbor_test

import (
	"bytes"
	"errors"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/gen/samplecbor"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/cbor"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/document"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
)

type service struct{ samplecbor.Sample[string] }

func (service) Turn(_ string, in samplecbor.Shape) (samplecbor.Shape, error) { return in, nil }
func (service) Greet(_ string, in string) (string, error)                    { return "hello " + in, nil }
func (service) Now(string) ([]time.Time, error)                              { return []time.Time{time.Unix(1, 2).UTC()}, nil }

// Who asks in MessagePack is answered in it, and every other in CBOR.
func TestAnswersAreInTheFormatOfTheCall(t *testing.T) {
	for payload, want := range map[string]string{"\x7f\x61a": "\x7f\x67hello a", "\xa1a": "\xa7hello a", "\xc1\xa1a": "\xa7hello a"} {
		reply, known, err := samplecbor.DispatchSample[string]("", service{}, samplecbor.SampleGreetOperation, []byte(payload))
		if string(reply) != want || !known || err != nil {
			t.Errorf("%q: %q, %v, %v; want %q", payload, reply, known, err, want)
		}
		out, err := samplecbor.SampleClient{Call: func(string, []byte) ([]byte, error) { return reply, nil }}.Greet("")
		if out != "hello a" || err != nil {
			t.Errorf("%q is read as %q, %v", reply, out, err)
		}
	}
	if reply, _, err := samplecbor.DispatchSample[string]("", service{}, samplecbor.SampleNowOperation, nil); string(reply) != "\x7f\x81\x01\x02" || err != nil {
		t.Errorf("%q, %v", reply, err)
	}
}

func TestUnions(t *testing.T) {
	c := samplecbor.SampleClient{Call: func(operation string, payload []byte) ([]byte, error) {
		reply, _, err := samplecbor.DispatchSample[string]("", service{}, operation, payload)
		return reply, err
	}}
	for _, want := range []samplecbor.Shape{nil, samplecbor.ShapeText{Value: "x"}, samplecbor.ShapeNothingAtAll{}, samplecbor.ShapeWhen2{Value: time.Unix(5, 6).UTC()}, samplecbor.ShapeOpen{Value: document.Bool(true)}} {
		if got, err := c.Turn(want); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%#v came back as %#v, %v", want, got, err)
		}
		in := samplecbor.Everything{Shape: want}
		var got samplecbor.Everything
		if err := got.UnmarshalMsgpack(in.MarshalMsgpack()); err != nil || !reflect.DeepEqual(got.Shape, want) {
			t.Errorf("%#v came back from MessagePack as %#v, %v", want, got.Shape, err)
		}
	}
	for name, message := range map[string]string{
		"number that is not known": "\x7f\x82\x03\x61x", "number below 0": "\x7f\x82\x20\x61x", "three values": "\x7f\x83\x00\x61x\x00", "no value": "\x7f\x81\x00",
		"map": "\x7f\xa1\x00\x61x", "value of another type": "\x7f\x82\x00\x05", "name that is not known": "\x81\xa4Nope\x01", "two names": "\x82\xa4Text\xa1x\xa4Text\xa1x",
		"name without its value": "\xa4Text", "name in the model's case": "\x81\xa4text\xa1x", "no name": "\x80",
	} {
		if got, _, err := samplecbor.DispatchSample[string]("", service{}, samplecbor.SampleTurnOperation, []byte(message)); err == nil {
			t.Errorf("%s is taken: %x", name, got)
		}
	}
	var v samplecbor.Everything
	if err := v.UnmarshalMsgpack([]byte("\x81\xa5shape\x81\xacNothingAtAll\xc0")); err != nil || v.Shape != (samplecbor.ShapeNothingAtAll{}) {
		t.Errorf("a name with nil: %v, %v", v.Shape, err)
	}
}

// A structure is an array by numbers, and may come as a map, shorter, longer, and open.
func TestStructures(t *testing.T) {
	for _, message := range []string{"\x7f\x81\x18\x2a", "\x7f\x9f\x18\x2a\xff", "\x7f\x83\x18\x2a\x01\x82\x01\x02", "\x7f\xa1\x62at\x18\x2a", "\x7f\xbf\x61?\xa0\x62at\x18\x2a\xff", "\x81\xa2at\x2a", "\x91\x2a"} {
		var leaf samplecbor.Leaf
		if err := leaf.UnmarshalCbor([]byte(message)); err != nil || leaf.At != 42 {
			t.Errorf("%q: %v %v", message, leaf, err)
		}
	}
	for _, message := range []string{"\x7f\x80", "\x7f\xa0", "\x7f\x81\xf6", "\x7f\xf6", "\x7f\xf7", "\x7f\xa1\x62at\xf6"} {
		leaf := samplecbor.Leaf{At: 1}
		if err := leaf.UnmarshalCbor([]byte(message)); err != nil || leaf.At != 0 {
			t.Errorf("%q: %v %v", message, leaf, err)
		}
	}
	if b := (samplecbor.Loose{Name: "n", Age: 1}).MarshalCbor(); string(b) != "\x7f\xa3\x63age\x01\x64leaf\x81\x00\x64name\x61n" {
		t.Errorf("without numbers: %q", b)
	}
	var loose samplecbor.Loose
	if err := loose.UnmarshalCbor([]byte("\x7f\x83\x01\x81\x02\x61n")); err != nil || loose != (samplecbor.Loose{Name: "n", Age: 1, Leaf: samplecbor.Leaf{At: 2}}) {
		t.Errorf("an array in the order of the names: %v %v", loose, err)
	}
}

func TestHostileBytes(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "the beginning alone": "\x7f", "not a structure": "\x7f\x61x", "cut": "\x7f\x98\x18\x61", "text is a map": "\x7f\x81\xa0", "key is a number": "\x7f\xa1\x01\x01",
		"number too great": "\x7f\xa1\x64tiny\x19\x01\x00", "negative": "\x7f\xa1\x65count\x20", "array of 4 billion": "\x7f\xa1\x65names\x9a\xff\xff\xff\xff",
		"map of 2^64": "\x7f\xa1\x65table\xbb\xff\xff\xff\xff\xff\xff\xff\xff", "bytes of 4 billion": "\x7f\xa1\x65bytes\x5a\xff\xff\xff\xff", "more after it": "\x7f\x80\x80",
		"deep in what is skipped": "\x7f\xa1\x61?" + strings.Repeat("\x81", 100000),
		"year 10000":              "\x7f\xa1\x62at\x1b\x00\x00\x00\x3a\xff\xf4\x41\x80\x00", "half a time": "\x7f\xa1\x62at\x01",
		"deep document": "\x7f\xa1\x65extra" + strings.Repeat("\x82\x02\x81", 100000), "kind of document that is not known": "\x7f\xa1\x65extra\x82\x07\x00",
		"no format": "\x05\x05",
	} {
		v := samplecbor.Everything{Text: "before"}
		if err := v.UnmarshalCbor([]byte(text)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestDeepMessages(t *testing.T) {
	var deep samplecbor.Tree
	for range 20 {
		deep = samplecbor.Tree{Branches: []samplecbor.Tree{deep}, Inner: samplecbor.NestedTree{}}
	}
	var got samplecbor.Tree
	if err := got.UnmarshalCbor(deep.MarshalCbor()); err != nil || !bytes.Equal(got.MarshalCbor(), deep.MarshalCbor()) {
		t.Errorf("%v", err)
	}
	for name, text := range map[string]string{
		"trees": "\x7f" + strings.Repeat("\x81\x81", 100000), "trees as maps": "\x7f" + strings.Repeat("\xbf\x68branches\x9f", 100000),
		"unions": "\x7f\x82\xf6" + strings.Repeat("\x82\x00\x81", 100000), "unions and trees": "\x7f" + strings.Repeat("\x82\xf6\x82\x01", 100000),
		"unions in unions": "\x7f\x82\xf6" + strings.Repeat("\x82\x02", 100000), "unions in unions in MessagePack": "\x81\xa5inner" + strings.Repeat("\x81\xa5Again", 100000),
		"unions in MessagePack": "\x81\xa5inner" + strings.Repeat("\x81\xa5Group\x91", 100000),
	} {
		if err := got.UnmarshalCbor([]byte(text)); !errors.Is(err, msgpack.ErrDepth) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A short message of many small values must not become many large ones.
func TestMemoryIsBounded(t *testing.T) {
	const n = 1 << 20
	for member, element := range map[string]string{"branches": "\xf6", "names": "\x60", "shapes": "\xf6", "times": "\xf6"} {
		b := cbor.AppendArray(cbor.AppendString(cbor.AppendMap(cbor.Begin(nil), 1), member), n)
		b = append(b, strings.Repeat(element, n)...)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var v samplecbor.Everything
		var tree samplecbor.Tree
		err := v.UnmarshalCbor(b)
		if member == "branches" {
			err = tree.UnmarshalCbor(b)
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 150*n {
			t.Errorf("%s: %d bytes of message took %d bytes", member, len(b), took)
		}
		if member == "branches" && !errors.Is(err, msgpack.ErrMemory) {
			t.Errorf("%s: %v", member, err)
		}
	}
}

func FuzzEverything(f *testing.F) {
	f.Add(samplecbor.Everything{Shape: samplecbor.ShapeText{Value: "x"}, Extra: document.Int(1), Times: []time.Time{{}}}.MarshalCbor())
	f.Add([]byte("\x7f\xbf\x66shapes\x9f\x82\x02\xf6\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var v, again samplecbor.Everything
		if v.UnmarshalCbor(b) != nil {
			return
		}
		once := v.MarshalCbor()
		if err := again.UnmarshalCbor(once); err != nil || !bytes.Equal(again.MarshalCbor(), once) {
			t.Errorf("%q: %v", b, err)
		}
	})
}
