package lattice

import (
	"bytes"
	"context"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
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
		expected, err := decodeExpected(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := matchReply(expected, reply)
		if err != nil || got != diff {
			t.Errorf("%s:\ngot  %q, %v\nwant %q", want, got, err, diff)
		}
	}
	if got, err := matchReply(nil, nil); got != "" || err != nil {
		t.Errorf("an empty reply: %q, %v", got, err)
	}
	if got, _ := matchReply(nil, []byte{1}); got != "want null, got 1" {
		t.Errorf("a reply where none is wanted: %q", got)
	}
	// Beyond 2^53 floats would make these equal.
	big, err := decodeExpected("9007199254740993")
	if err != nil {
		t.Fatal(err)
	}
	packed, err := wasmbus.JSONToMsgpack([]byte("9007199254740992"))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := matchReply(big, packed); got == "" {
		t.Error("two large integers are taken for one")
	}
	long, err := matchReply("x", append([]byte{0xdb, 0, 1, 0, 0}, bytes.Repeat([]byte("y"), 65536)...))
	if err != nil || len(long) > 1000 {
		t.Errorf("a difference of %d bytes, %v", len(long), err)
	}
}

// An actor decides what its test names and errors are; the report must stay XML.
func TestJUnitIsXML(t *testing.T) {
	r := &report{}
	r.add(result{Name: `<"&\x00` + "\x00\xff]]>", Passed: false, Error: "line 1\nline 2 \x1b[31m</failure>", Time: 1500 * time.Millisecond})
	r.add(result{Name: "ok", Passed: true, Time: time.Second})
	var b bytes.Buffer
	if err := r.junit(&b, "suite"); err != nil {
		t.Fatal(err)
	}
	var back junitSuites
	if err := xml.Unmarshal(b.Bytes(), &back); err != nil {
		t.Fatalf("%v in\n%s", err, &b)
	}
	if back.Tests != 2 || back.Failures != 1 || back.Suite.Time != "2.500" || len(back.Suite.Cases) != 2 {
		t.Errorf("%+v", back)
	}
	if f := back.Suite.Cases[0].Failure; f == nil || f.Message != "line 1" || !strings.Contains(f.Text, "</failure>") {
		t.Errorf("%+v", f)
	}
}

func TestColorOnATerminalOnly(t *testing.T) {
	r := &report{}
	r.add(result{Name: "a", Passed: true})
	for _, color := range []bool{true, false} {
		var b bytes.Buffer
		r.text(&b, color)
		if got := strings.Contains(b.String(), "\x1b["); got != color {
			t.Errorf("%v: %q", color, &b)
		}
	}
}

func TestNATSURL(t *testing.T) {
	for _, c := range []struct {
		host string
		port int
		want string
	}{
		{"", 0, "nats://127.0.0.1:4222"},
		{"", 4223, "nats://127.0.0.1:4223"},
		{"nats.example", 0, "nats://nats.example:4222"},
		{"tls://nats.example", 4444, "tls://nats.example:4444"},
		{"nats://nats.example:1", 4444, "nats://nats.example:1"},
		{"::1", 5, "nats://[::1]:5"},
		{"[::1]", 5, "nats://[::1]:5"},
	} {
		if got := natsURL(c.host, c.port); got != c.want {
			t.Errorf("%s %d: %s, want %s", c.host, c.port, got, c.want)
		}
	}
}

// The junit file of an earlier run survives a run that cannot write its own.
func TestSaveKeepsTheOld(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := saveReply(filepath.Join(file, "reply"), []byte("x")); err == nil {
		t.Error("a file where a folder is wanted: no error")
	}
	if b, _ := os.ReadFile(file); string(b) != "old" {
		t.Errorf("%q", b)
	}
}

// A full disk under standard output is a failure, not a silent success.
func TestFullStandardOutput(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full here")
	}
	defer full.Close()
	var stderr bytes.Buffer
	s := &cli.IO{In: strings.NewReader(""), Out: full, Err: &stderr, Env: func(string) string { return "" }, Now: time.Now}
	cmd := Command(s)
	r := &report{}
	r.add(result{Name: "a", Passed: true})
	if err := r.print(cmd, s); err == nil {
		t.Error("no error")
	}
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, errOut bytes.Buffer
	s := &cli.IO{In: strings.NewReader(""), Out: &out, Err: &errOut, Env: func(string) string { return "" }, Now: time.Now}
	if code := cli.Main(ctx, s, []string{"get", "hosts", "-p", "1"}, Command); code != 1 || !strings.Contains(errOut.String(), "interrupted") {
		t.Errorf("code %d, %s", code, &errOut)
	}
}

func FuzzParseCase(f *testing.F) {
	for _, dir := range []string{"testdata/files/cases", "testdata/files/broken"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			f.Fatal(err)
		}
		for _, e := range entries {
			b, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := parseCase("x.txtar", b)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "x.txtar:") {
				t.Fatalf("an error that does not say where: %v", err)
			}
			return
		}
		for _, s := range c.steps {
			if s.operation == "" || (s.checked && s.fails != nil) {
				t.Fatalf("%+v", s)
			}
			if _, err := matchReply(s.reply, s.payload); err != nil {
				t.Fatal(err)
			}
		}
	})
}
