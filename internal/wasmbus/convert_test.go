package wasmbus

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

func TestJSONToMsgpack(t *testing.T) {
	for in, want := range map[string]string{
		``:                      "",
		" \n":                   "",
		`null`:                  "c0",
		`true`:                  "c3",
		`0`:                     "00",
		`127`:                   "7f",
		`128`:                   "cc80",
		`256`:                   "cd0100",
		`65536`:                 "ce00010000",
		`4294967296`:            "cf0000000100000000",
		`18446744073709551615`:  "cfffffffffffffffff",
		`18446744073709551616`:  "cb43f0000000000000",
		`-1`:                    "ff",
		`-32`:                   "e0",
		`-33`:                   "d0df",
		`-129`:                  "d1ff7f",
		`-32769`:                "d2ffff7fff",
		`-2147483649`:           "d3ffffffff7fffffff",
		`-0`:                    "cb8000000000000000",
		`1.0`:                   "cb3ff0000000000000",
		`1e2`:                   "cb4059000000000000",
		`"a"`:                   "a161",
		`{"b":1,"a":[]}`:        "82a16190a16201",
		`{"a":{"z":1,"a":"é"}}`: "81a16182a161a2c3a9a17a01",
	} {
		got, err := JSONToMsgpack([]byte(in))
		if err != nil || hex.EncodeToString(got) != want {
			t.Errorf("%s: %x, %v; want %s", in, got, err, want)
		}
	}
	for _, in := range []string{`{`, `1 2`, `'a'`, `1e999`, strings.Repeat("[", 200) + strings.Repeat("]", 200), strings.Repeat("[", 1<<20)} {
		if got, err := JSONToMsgpack([]byte(in)); err == nil {
			t.Errorf("%.20s: %x, want an error", in, got)
		}
	}
}

func TestMsgpackToJSON(t *testing.T) {
	for _, c := range []struct {
		in   string
		bin  BinMode
		want string
	}{
		{"", 0, "null"},
		{"c0", 0, "null"}, // wash says false
		{"a161", 0, `"a"`},
		{"a3225c0a", 0, `"\"\\\n"`}, // wash says "\"…\""
		{"a33c3e26", 0, `"<>&"`},
		{"c402ff41", 0, `[255,65]`},
		{"c40241ff", BinString, `"A\ufffd"`},
		{"c40141", BinBoth, `{"str":"A","bin":[65]}`},
		{"82a162c2a16193010203", 0, `{"b":false,"a":[1,2,3]}`},
		{"8201a16102c0", 0, `{"1":"a","2":null}`},
		{"cb3ff0000000000000", 0, `1.0`},
		{"ca3f000000", 0, `0.5`},
		{"cb7ff8000000000000", 0, `null`},
		{"d0df", 0, `-33`},
		{"cfffffffffffffffff", 0, `18446744073709551615`},
		{"d40507", 0, `{"type":5,"data":[7]}`},
		{"d6ff00000000", 0, `{"type":-1,"data":[0,0,0,0]}`},
		{"c70209aabb", 0, `{"type":9,"data":[170,187]}`},
	} {
		b, err := hex.DecodeString(c.in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := MsgpackToJSON(b, c.bin)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %s, %v; want %s", c.in, got, err, c.want)
		}
	}
	for _, in := range []string{"c1", "92", "a5", "81a1", "0101", "c403ff"} {
		b, err := hex.DecodeString(in)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := MsgpackToJSON(b, 0); err == nil {
			t.Errorf("%s: %s, want an error", in, got)
		}
	}
}

func TestDecodeReply(t *testing.T) {
	body, err := cbor.Marshal(map[string]any{"z": []any{1, -2, 1.5, nil, true, []byte{7}}, "a": "text"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in   []byte
		want string
	}{
		{nil, "null"},
		{[]byte{0x7f}, "127"}, // one byte alone is msgpack
		{append([]byte{0x7f}, body...), `{"a":"text","z":[1,-2,1.5,null,true,[7]]}`},
		{append([]byte{0xc1}, 0xa1, 'x'), `"x"`},
		{[]byte{0xa1, 'x'}, `"x"`},
	} {
		got, err := DecodeReply(c.in, BinArray)
		if err != nil || string(got) != c.want {
			t.Errorf("%x: %s, %v; want %s", c.in, got, err, c.want)
		}
	}
	for _, in := range []string{"not msgpack", "\xc0\xc0", "\x7f\xff\xff"} {
		if got, err := DecodeReply([]byte(in), BinArray); err == nil {
			t.Errorf("%q: %s, want an error", in, got)
		}
	}
}
