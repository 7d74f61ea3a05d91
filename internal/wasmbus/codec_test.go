package wasmbus

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/tinylib/msgp/msgp"

	contract "github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/testing"
)

// What peers write differently from us is read all the same.
func TestLenientMsg(t *testing.T) {
	want := []byte{1, 0xff, 'x'}
	for name, msg := range map[string][]byte{
		"bin":         msgp.AppendBytes(nil, want),
		"str":         msgp.AppendStringFromBytes(nil, want), // the Elixir host; no UTF-8
		"array of u8": {0x93, 1, 0xcc, 0xff, 'x'},
	} {
		b := msgp.AppendMapHeader(nil, 3)
		b = append(msgp.AppendString(b, "msg"), msg...)
		b = msgp.AppendNil(msgp.AppendInt(b, 7)) // a key that is no string
		b = append(msgp.AppendString(b, "future"), 0x81, 0xa1, 'k', 0x91, 0xc0)
		inv, err := UnmarshalInvocation(b)
		if err != nil || !bytes.Equal(inv.Msg, want) {
			t.Errorf("%s: %v, %v", name, inv, err)
		}
		r, err := UnmarshalResponse(b)
		if err != nil || !bytes.Equal(r.Msg, want) {
			t.Errorf("%s: %v, %v", name, r, err)
		}
	}
	// "actor isn't running" of the Elixir host: msg is an empty array.
	b := msgp.AppendMapHeader(nil, 2)
	b = append(msgp.AppendString(b, "msg"), 0x90)
	b = appendField(b, "error", "actor isn't running")
	if r, err := UnmarshalResponse(b); err != nil || r.Error != "actor isn't running" || len(r.Msg) != 0 || r.Chunked() {
		t.Errorf("%+v, %v", r, err)
	}
	// nil where a string, a map or bytes may be.
	b = []byte{0x84}
	for _, key := range []string{"msg", "error", "traceContext", "content_length"} {
		b = msgp.AppendNil(msgp.AppendString(b, key))
	}
	if r, err := UnmarshalResponse(b); err != nil || !cmp.Equal(*r, Response{}) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestResponseRoundTrip(t *testing.T) {
	for _, want := range []Response{
		{Msg: []byte{}, InvocationID: "a"},
		{Msg: []byte("x"), InvocationID: "a", ContentLength: 1, InstanceID: "i", TraceContext: map[string]string{"traceparent": "t", "a": "b"}},
		{InvocationID: "a", Error: "no"},
		{Msg: []byte{}, InvocationID: "a", ContentLength: 1 << 40},
	} {
		got, err := UnmarshalResponse(want.Marshal())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, *got); diff != "" {
			t.Error(diff)
		}
	}
}

// Every strict prefix of a real message is an error, and no header, whatever it
// announces, makes us allocate.
func TestHostileMsgpack(t *testing.T) {
	decoders := map[string]func([]byte) error{
		"invocation": func(b []byte) error { _, err := UnmarshalInvocation(b); return err },
		"response":   func(b []byte) error { _, err := UnmarshalResponse(b); return err },
		"link":       func(b []byte) error { _, err := UnmarshalLinkDefinition(b); return err },
		"results":    func(b []byte) error { _, err := UnmarshalTestResults(b); return err },
		"json":       func(b []byte) error { _, err := MsgpackToJSON(b, BinArray); return err },
		"reply":      func(b []byte) error { _, err := DecodeReply(b, BinBoth); return err },
	}
	inv, _ := genuine(t)
	real := inv.Marshal()
	for n := 1; n < len(real); n++ {
		if decoders["invocation"](real[:n]) == nil || decoders["json"](real[:n]) == nil {
			t.Errorf("the first %d bytes of an invocation are accepted", n)
		}
	}
	if err := decoders["invocation"](append(real, 0xc0)); err == nil {
		t.Error("a byte after the invocation is accepted")
	}
	key := append([]byte{0x81}, msgp.AppendString(nil, "msg")...)
	if decoders["invocation"](append(key, 0x80)) == nil || decoders["response"](append(key, 0x80)) == nil {
		t.Error("a msg that is a map is accepted")
	}
	unknown := append([]byte{0x81}, msgp.AppendString(nil, "unknown")...)
	for name, b := range map[string][]byte{
		"map32":           {0xdf, 0xff, 0xff, 0xff, 0xff},
		"array32":         {0xdd, 0xff, 0xff, 0xff, 0xff},
		"bin32":           {0xc6, 0xff, 0xff, 0xff, 0xff},
		"str32":           {0xdb, 0xff, 0xff, 0xff, 0xff},
		"ext32":           {0xc9, 0xff, 0xff, 0xff, 0xff, 1},
		"msg bin32":       append(key, 0xc6, 0xff, 0xff, 0xff, 0xff, 1),
		"msg array32":     append(key, 0xdd, 0xff, 0xff, 0xff, 0xff, 1),
		"unknown array32": append(unknown, 0xdd, 0xff, 0xff, 0xff, 0xff, 1),
		"unknown map32":   append(unknown, 0xdf, 0xff, 0xff, 0xff, 0xff, 1, 1),
		"deep arrays":     append(unknown, bytes.Repeat([]byte{0x91}, 1<<20)...),
		"deep maps":       append(unknown, bytes.Repeat([]byte{0x81, 0xa0}, 1<<20)...),
		"deep top":        bytes.Repeat([]byte{0x91}, 1<<20),
		"cbor array":      {0x7f, 0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"cbor map":        {0x7f, 0xbb, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"cbor bytes":      {0x7f, 0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"cbor deep":       append([]byte{0x7f}, bytes.Repeat([]byte{0x81}, 1<<20)...),
	} {
		for kind, decode := range decoders {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := decode(b)
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Errorf("%s is accepted as %s", name, kind)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
				t.Errorf("%s as %s: %d bytes allocated for %d", name, kind, grown, len(b))
			}
			if err != nil && len(err.Error()) > 400 {
				t.Errorf("%s as %s: an error of %d bytes", name, kind, len(err.Error()))
			}
		}
	}
}

func TestTestResults(t *testing.T) {
	want := []contract.TestResult{{Name: "good", Passed: true}, {Name: "bad", SnapData: []byte(`{"error":"check failed: a == b"}`)}}
	rows := [][3]any{{"good", true, nil}, {"bad", false, want[1].SnapData}}
	maps := []map[string]any{{"name": "good", "passed": true}, {"name": "bad", "passed": false, "snapData": want[1].SnapData}}
	asMsgpack, err := msgp.AppendIntf(nil, []any{map[string]any(maps[0]), map[string]any(maps[1])})
	if err != nil {
		t.Fatal(err)
	}
	inCBOR := func(v any) []byte {
		b, err := cbor.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return append([]byte{prefixCBOR}, b...)
	}
	arrays := []byte{0x92, 0x93, 0xa4, 'g', 'o', 'o', 'd', 0xc3, 0xc0, 0x93, 0xa3, 'b', 'a', 'd', 0xc2}
	arrays = msgp.AppendBytes(arrays, want[1].SnapData)
	for name, b := range map[string][]byte{
		"msgpack maps": asMsgpack, "prefixed": append([]byte{0xc1}, asMsgpack...), "msgpack arrays": arrays,
		"cbor arrays": inCBOR(rows), "cbor maps": inCBOR(maps),
	} {
		got, err := UnmarshalTestResults(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if got := TestFailure(want[1].SnapData); got != "check failed: a == b" {
		t.Errorf("failure %q", got)
	}
	for _, b := range [][]byte{{0x7f, 0x81, 0x01}, {0x91, 0xa1, 'x'}, {0x81, 0xa1, 'x', 0x01}, []byte("text")} {
		if got, err := UnmarshalTestResults(b); err == nil {
			t.Errorf("%x: %v, want an error", b, got)
		}
	}
}

func TestEvents(t *testing.T) {
	b := NewEvent("NHOST", EventActorStopFailed, ActorStopFailed{"no <such> actor", "M1"}, testNow)
	e, err := ParseEvent(b)
	if err != nil {
		t.Fatal(err)
	}
	id := e.ID
	want := `{"specversion":"1.0","id":"` + id + `","type":"com.wasmcloud.lattice.actor_stop_failed","source":"NHOST",` +
		`"datacontenttype":"application/json","time":"2023-11-14T22:13:20.000000000Z","data":{"error":"no <such> actor","public_key":"M1"}}`
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
	// wash stops at an event without data, so there is always some.
	for _, data := range []any{nil, func() {}} {
		e, err := ParseEvent(NewEvent("N", "x", data, testNow))
		if err != nil || string(e.Data) != "{}" {
			t.Errorf("data %s, %v", e.Data, err)
		}
	}
	for _, b := range []string{"", "{}", "[]", `{"type":1}`, `{"type":"a"} x`} {
		if _, err := ParseEvent([]byte(b)); err == nil {
			t.Errorf("%s: no error", b)
		}
	}
}

func TestClaimsRecordGenerations(t *testing.T) {
	flat := ClaimsRecord{"call_alias": "", "caps": "a,b", "iss": "A1", "name": "n", "rev": "3", "sub": "M1", "tags": "", "version": ""}
	for _, b := range []string{
		`{"call_alias":"","caps":"a,b","iss":"A1","name":"n","rev":"3","sub":"M1","tags":"","version":""}`,
		`{"call_alias":null,"capabilities":["a","b"],"issuer":"A1","name":"n","revision":3,"subject":"M1","tags":[],"version":null}`,
	} {
		got, err := UnmarshalClaimsRecord([]byte(b))
		if err != nil || !cmp.Equal(got, flat) {
			t.Errorf("%v, %v", got, err)
		}
	}
}

func TestRefMapKey(t *testing.T) {
	if got, want := RefMapKey("localhost:5000/echo:0.1.0"), "REFMAP_bG9jYWxob3N0OjUwMDAvZWNobzowLjEuMA"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Our own encodings of control messages, where the recording has none.
func TestControlJSON(t *testing.T) {
	ms := uint64(2000)
	for _, c := range []struct {
		v    any
		want string
	}{
		{UpdateActorCommand{ActorID: "M", NewActorRef: "r", HostID: "N"}, `{"actor_id":"M","host_id":"N","new_actor_ref":"r"}`},
		{ActorAuctionRequest{ActorRef: "r", Constraints: map[string]string{}}, `{"actor_ref":"r","constraints":{}}`},
		{ActorAuctionAck{"r", map[string]string{"a": "b"}, "N"}, `{"actor_ref":"r","constraints":{"a":"b"},"host_id":"N"}`},
		{StopHostCommand{HostID: "N", Timeout: &ms}, `{"host_id":"N","timeout":2000}`},
		{Ack{false, "no"}, `{"accepted":false,"error":"no"}`},
	} {
		got, err := EncodeJSON(c.v)
		if err != nil || string(got) != c.want {
			t.Errorf("%s, %v; want %s", got, err, c.want)
		}
	}
	cmd := StartActorCommand{Count: 1}
	if err := DecodeJSON([]byte(`{"actor_ref":"r","host_id":"N"}`), &cmd); err != nil || cmd.Count != 1 {
		t.Errorf("an absent count: %+v, %v", cmd, err)
	}
	for _, b := range []string{``, `{`, `{} {}`, `{"count":-1}`, `{"count":65536}`, `{"actor_ref":1}`} {
		if err := DecodeJSON([]byte(b), new(StartActorCommand)); err == nil {
			t.Errorf("%s: no error", b)
		}
	}
}
