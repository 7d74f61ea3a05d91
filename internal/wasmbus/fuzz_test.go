package wasmbus

import (
	"bytes"
	"encoding/json"
	"testing"
)

// seedCorpus adds every body of the recording that a target may meet.
func seedCorpus(f *testing.F, pick func(kind string) bool) {
	replies := map[string]string{}
	for _, m := range readWire(f) {
		kind := wireKind(m, replies)
		if m.Reply != "" {
			replies[m.Reply] = replyKind(kind)
		}
		if pick(kind) {
			f.Add(m.Data)
		}
	}
}

func FuzzUnmarshalInvocation(f *testing.F) {
	seedCorpus(f, func(kind string) bool { return kind == "invocation" || kind == "link" })
	f.Fuzz(func(t *testing.T, b []byte) {
		i, err := UnmarshalInvocation(b)
		if err != nil {
			return
		}
		again, err := UnmarshalInvocation(i.Marshal())
		if err != nil {
			t.Fatalf("our own encoding is refused: %v", err)
		}
		if !bytes.Equal(again.Marshal(), i.Marshal()) {
			t.Fatal("encoding is no fixed point")
		}
		if i.Verify(Verification{Now: testNow}) == nil {
			t.Fatal("accepted with no issuer trusted")
		}
	})
}

func FuzzUnmarshalResponse(f *testing.F) {
	seedCorpus(f, func(kind string) bool { return kind == "response" })
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := UnmarshalResponse(b)
		if err != nil {
			return
		}
		again, err := UnmarshalResponse(r.Marshal())
		if err != nil {
			t.Fatalf("our own encoding is refused: %v", err)
		}
		if !bytes.Equal(again.Marshal(), r.Marshal()) {
			t.Fatal("encoding is no fixed point")
		}
	})
}

// JSON and msgpack: what one direction accepts the other gives back.
func FuzzConvert(f *testing.F) {
	for _, s := range []string{`{"method":"GET","header":{"a":["b"]},"body":[1,2]}`, `[1,-1,1.5,1e300,null,true,"\u0000<>"]`, `18446744073709551616`} {
		f.Add([]byte(s))
	}
	f.Add([]byte("\x7f\x82\x83\x61a\xf5\xf6\x83\x61b\xf4\x4d{\"error\":\"x\"}")) // test results
	f.Add(append([]byte{prefixCBOR}, 0xa2, 0x01, 0xf9, 0x7e, 0x00, 0x61, 'k', 0xc2, 0x42, 1, 0))
	seedCorpus(f, func(kind string) bool { return kind == "event" || kind == "invocation" || kind == "response" })
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, bin := range []BinMode{BinArray, BinString, BinBoth} {
			text, err := DecodeReply(b, bin)
			if err == nil && !json.Valid(text) {
				t.Fatalf("%x becomes broken JSON: %s", b, text)
			}
		}
		packed, err := JSONToMsgpack(b)
		if err != nil {
			return
		}
		text, err := MsgpackToJSON(packed, BinArray)
		if err != nil {
			t.Fatalf("%s becomes broken msgpack: %v", b, err)
		}
		again, err := JSONToMsgpack(text)
		if err != nil || (len(packed) > 0 && !bytes.Equal(again, packed)) {
			t.Fatalf("%s: %x, then %x by %s (%v)", b, packed, again, text, err)
		}
	})
}

func FuzzEvents(f *testing.F) {
	seedCorpus(f, func(kind string) bool { return kind == "event" || kind == "kv" })
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := UnmarshalClaimsRecord(b); err == nil {
			if _, err := EncodeJSON(r); err != nil {
				t.Fatal(err)
			}
		}
		e, err := ParseEvent(b)
		if err != nil {
			return
		}
		var d ActorStarted
		_ = e.Decode(&d)
		if _, err := UnmarshalTestResults(b); err == nil {
			t.Fatal("an event is no test result")
		}
	})
}
