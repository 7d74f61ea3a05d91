package samplecbor_test

import (
	"encoding/hex"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/gen/samplecbor"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/cbor"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/document"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
)

func at(sec, nsec int64) time.Time { return time.Unix(sec, nsec).UTC() }

// everything is what the Rust program wrote.
func everything() samplecbor.Everything {
	return samplecbor.Everything{
		Text: "text", Optional: "ö", Flag: true, Maybe: true, Bytes: []byte{0, 255}, Tiny: 255, Small: 65535, Count: 1 << 31, Big: 1 << 63, Signed: math.MinInt64,
		Ratio: 0.5, Short: 0.25, Renamed: -7, Names: []string{"a", ""}, Table: map[string][]string{"k": {"v"}}, Leaf: &samplecbor.Leaf{At: 3}, Must: samplecbor.Leaf{At: 4},
		At: at(1, 999_999_999), Later: at(-1, 0), Times: []time.Time{at(1<<33, 1), at(0, 0)},
		Extra: document.Array{document.Object{"k": document.String("v")}, document.Blob{1, 200}, document.Uint(math.MaxUint64), document.Int(-5), document.Float(1.5), document.Bool(true), nil},
		Shape: samplecbor.ShapeWhen2{Value: at(5, 6)},
		Shapes: []samplecbor.Shape{samplecbor.ShapeText{Value: "t"}, samplecbor.ShapeLeaf{Value: samplecbor.Leaf{At: 9}}, samplecbor.ShapeNothingAtAll{},
			samplecbor.ShapeOpen{Value: document.Bool(false)}, samplecbor.ShapeCount{Value: 300}},
	}
}

// message is a value as generated code writes and reads it.
type message struct {
	value           any
	cbor, msgpack   []byte
	fromCbor, fromM func([]byte) (any, error)
}

type structure[T any] interface {
	*T
	MarshalCbor() []byte
	MarshalMsgpack() []byte
	UnmarshalCbor([]byte) error
	UnmarshalMsgpack([]byte) error
}

func whole[T any, P structure[T]](v T) message {
	return message{v, P(&v).MarshalCbor(), P(&v).MarshalMsgpack(),
		func(b []byte) (any, error) { var v T; err := P(&v).UnmarshalCbor(b); return v, err },
		func(b []byte) (any, error) { var v T; err := P(&v).UnmarshalMsgpack(b); return v, err }}
}

// shape takes a union through the client and the dispatcher, which are all that write one by itself.
func shape(v samplecbor.Shape) message {
	sent := func(reply []byte) (b []byte, out samplecbor.Shape, err error) {
		out, err = samplecbor.SampleClient{Call: func(_ string, payload []byte) ([]byte, error) { b = payload; return reply, nil }}.Turn(v)
		return b, out, err
	}
	read := func(b []byte) (any, error) { _, out, err := sent(b); return out, err }
	inCbor, _, _ := sent(nil)
	inMsgpack := samplecbor.Everything{Shape: v}.MarshalMsgpack()
	empty := samplecbor.Everything{}.MarshalMsgpack() // it is the last of what is sent
	return message{v, inCbor, inMsgpack[len(empty)+len("\xa5shape"):], read, read}
}

func times(v []time.Time) message {
	b := cbor.AppendArray(cbor.Begin(nil), len(v))
	m := msgpack.AppendArray(nil, len(v))
	for _, t := range v {
		b, m = cbor.AppendTime(b, t.Unix(), t.Nanosecond()), msgpack.AppendTime(m, t.Unix(), t.Nanosecond())
	}
	read := func(b []byte) (any, error) {
		return samplecbor.SampleClient{Call: func(string, []byte) ([]byte, error) { return b, nil }}.Now()
	}
	return message{v, b, m, read, read}
}

// TestPeer holds generated code against what the Rust crates make of the same model: their messages
// are read as what they are, and in CBOR, where nothing is left to choose, written byte for byte.
func TestPeer(t *testing.T) {
	full := everything()
	ours := map[string]message{
		"everything": whole(full), "bare": whole(samplecbor.Everything{At: at(0, 0), Names: []string{}, Bytes: []byte{}}), "nothing": whole(samplecbor.Nothing{}),
		"loose": whole(samplecbor.Loose{Name: "n", Age: 7, Leaf: samplecbor.Leaf{At: 1}}), "times": times(full.Times), "shape-when": shape(full.Shape),
		"shape-text": shape(full.Shapes[0]), "shape-leaf": shape(full.Shapes[1]), "shape-nothing": shape(full.Shapes[2]), "shape-open": shape(full.Shapes[3]), "shape-count": shape(full.Shapes[4]),
	}
	text, err := os.ReadFile("testdata/peer/vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		b, err := hex.DecodeString(fields[2])
		if err != nil {
			t.Fatal(err)
		}
		lines++
		m := ours[fields[0]]
		read, wrote := m.fromCbor, m.cbor
		if fields[1] == "msgpack" {
			read, wrote = m.fromM, m.msgpack
		}
		if got, err := read(b); err != nil || !same(got, m.value) {
			t.Errorf("%s in %s is read as %+v, %v; want %+v", fields[0], fields[1], got, err, m.value)
		}
		if fields[1] == "cbor" && hex.EncodeToString(wrote) != fields[2] {
			t.Errorf("%s is written as\n%x; want\n%s", fields[0], wrote, fields[2])
		}
		t.Logf("%s %s %x", fields[0], fields[1], wrote)
	}
	if lines != 2*len(ours) {
		t.Errorf("%d lines for %d messages", lines, len(ours))
	}
}

// same is equal but for empty bytes, which may be none.
func same(got, want any) bool {
	if v, ok := got.(samplecbor.Everything); ok && v.Bytes == nil {
		v.Bytes = []byte{}
		got = v
	}
	return reflect.DeepEqual(got, want)
}
