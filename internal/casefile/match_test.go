package casefile

import (
	"bytes"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

func TestMatchReply(t *testing.T) {
	// {"n": 1, "f": 1.5, "bin": bin "hi", "list": [bin "a", "b"], "map": {"x": nil}}
	reply := []byte("\x85\xa1n\x01\xa1f\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00\xa3bin\xc4\x02hi\xa4list\x92\xc4\x01a\xa1b\xa3map\x81\xa1x\xc0")
	for want, diff := range map[string]string{
		`"…"`: "",
		`{"n":1,"f":1.5,"bin":"hi","list":["a","b"],"map":{"x":null}}`:                  "",
		`{"n":1.0,"f":15e-1,"bin":[104,105],"list":[[97],"…"],"map":"…"}`:               "",
		`{"n":2,"f":1.5,"bin":"hi","list":["a","b"],"map":{"x":null}}`:                  ".n: want 2, got 1",
		`{"n":"1","f":1.5,"bin":"hi","list":["a","b"],"map":{"x":null}}`:                `.n: want "1", got 1`,
		`{"n":1,"f":1.5,"bin":"ho","list":["a","b"],"map":{"x":null}}`:                  `.bin: want "ho", got "hi"`,
		`{"n":1,"f":1.5,"bin":[104],"list":["a","b"],"map":{"x":null}}`:                 `.bin: want [104], got "hi"`,
		`{"n":1,"f":1.5,"bin":[104,106],"list":["a","b"],"map":{"x":null}}`:             ".bin[1]: want 106, got 105",
		`{"n":1,"f":1.5,"bin":"hi","list":["a"],"map":{"x":null}}`:                      `.list: want ["a"], got ["a","b"]`,
		`{"n":1,"f":1.5,"bin":"hi","list":["b","b"],"map":{"x":null}}`:                  `.list[0]: want "b", got "a"`,
		`{"n":1,"f":1.5,"bin":"hi","list":["a","b"],"map":{}}`:                          ".map.x is not expected, but is null",
		`{"n":1,"f":1.5,"bin":"hi","list":["a","b"],"map":{"x":null,"y":1}}`:            ".map.y is missing, want 1",
		`{"n":1,"f":1.5,"bin":"hi","list":{"a":"b"},"map":{"x":null}}`:                  `.list: want {"a":"b"}, got ["a","b"]`,
		`{"n":1,"f":1.5,"bin":"hi","list":"ab","map":{"x":null}}`:                       `.list: want "ab", got ["a","b"]`,
		`{"n":1,"f":1.5,"bin":{"str":"hi","bin":[]},"list":["a","b"],"map":{"x":null}}`: `.bin: want {"bin":[],"str":"hi"}, got "hi"`,
	} {
		expected, err := decodeExpected("the reply", want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Match(expected, reply)
		if err != nil || got != diff {
			t.Errorf("%s:\ngot  %q, %v\nwant %q", want, got, err, diff)
		}
	}
	if got, err := Match(nil, nil); got != "" || err != nil {
		t.Errorf("an empty reply: %q, %v", got, err)
	}
	if got, _ := Match(nil, []byte{1}); got != "want null, got 1" {
		t.Errorf("a reply where none is wanted: %q", got)
	}
	// Beyond 2^53 floats would make these equal.
	big, err := decodeExpected("the reply", "9007199254740993")
	if err != nil {
		t.Fatal(err)
	}
	packed, err := wasmbus.JSONToMsgpack([]byte("9007199254740992"))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := Match(big, packed); got == "" {
		t.Error("two large integers are taken for one")
	}
	long, err := Match("x", append([]byte{0xdb, 0, 1, 0, 0}, bytes.Repeat([]byte("y"), 65536)...))
	if err != nil || len(long) > 1000 {
		t.Errorf("a difference of %d bytes, %v", len(long), err)
	}
}
