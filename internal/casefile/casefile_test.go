package casefile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const counterCase = `The counter counts.
-- link wasmcloud:keyvalue --
url=redis://nowhere?a=b
name =

-- link wasmcloud:keyvalue cache --
-- fake KeyValue.Get cache --
"…"
-- answer --
{"value":"","exists":false}
-- fake KeyValue.Del --
-- call HttpServer.HandleRequest --
{"path":"/"}
-- expect KeyValue.Increment --
{"key":"visits","value":1}
-- answer --
7
-- expect KeyValue.Set --
"…"
-- refuse --
out of memory
-- reply --
"ok"
-- request POST http://127.0.0.1:{port}/x --
{"header":{"a":["b"]},"body":"hi"}
-- error --
refused
`

func TestParseFakes(t *testing.T) {
	c, err := Parse("dir/counter.txtar", []byte(counterCase))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Links) != 2 || len(c.Fakes) != 2 || len(c.Steps) != 2 || len(c.Steps[0].Expects) != 2 {
		t.Fatalf("%+v", c)
	}
	if l := c.Links[0]; l.Contract != "wasmcloud:keyvalue" || l.Name != "default" || len(l.Values) != 2 || l.Values["url"] != "redis://nowhere?a=b" || l.Values["name"] != "" {
		t.Errorf("link %+v", l)
	}
	if l := c.Links[1]; l.Name != "cache" || len(l.Values) != 0 {
		t.Errorf("link %+v", l)
	}
	if f := c.Fakes[0]; f.Link != "cache" || f.Argument != "…" || len(f.Answer) == 0 {
		t.Errorf("fake %+v", f)
	}
	if f := c.Steps[0].Expects[1]; f.Line != 18 || f.Refuse != "out of memory" || f.Answer != nil {
		t.Errorf("expected %+v", f)
	}
	if r := c.Steps[1].Request; r == nil || r.Method != "POST" || r.Body != "hi" || r.Header["a"][0] != "b" || c.Steps[1].Title() != "POST http://127.0.0.1:{port}/x" {
		t.Errorf("request %+v", r)
	}
}

func TestParseRefuses(t *testing.T) {
	const call = "-- call A.B --\n"
	for text, want := range map[string]string{
		"":                                        "x.txtar: it holds no",
		"-- link a:b --\n":                        "x.txtar: it holds no",
		"--    --\n":                              "x.txtar:1: section \"\" is not known",
		"-- link a b c --\n":                      "x.txtar:1: write `-- link CONTRACT --`",
		"-- link a --\nvalue\n":                   `x.txtar:1: "value" is no link value: write NAME=VALUE`,
		"-- link a --\n=x\n":                      "is no link value",
		"-- link a --\nx=1\nx=2\n":                "the link value x is given twice",
		"-- link a --\n-- link a default --\n":    "x.txtar:2: the link default of a was made in line 1 already",
		call + "-- link a --\n":                   "x.txtar:2: a link comes before the first call",
		"-- fake --\n":                            "which operation? Write `-- fake Interface.Method --`",
		"-- fake A.B --\n{\n":                     "x.txtar:1: the argument is not JSON",
		call + "-- fake A.B --\n":                 "a fake comes before the first call",
		"-- expect A.B --\n":                      "expect comes after the call",
		"-- answer --\n1\n":                       "belongs right after the fake or expect",
		call + "-- answer --\n1\n":                "belongs right after the fake or expect",
		call + "-- expect A.B --\n-- answer x --": "belongs right after the fake or expect",
		call + "-- expect A.B --\n-- reply --\n1\n-- answer --\n1\n":  "x.txtar:5: section \"answer\" belongs",
		call + "-- expect A.B --\n-- answer --\n1\n-- answer --\n1\n": "x.txtar:5: one question has one answer",
		call + "-- expect A.B --\n-- refuse --\nx\n-- answer --\n":    "one question has one answer",
		call + "-- expect A.B --\n-- refuse --\n \n":                  "an empty refusal",
		call + "-- expect A.B --\n-- answer --\n{\n":                  "x.txtar:3: the payload is not JSON",
		"-- request GET --\n":                        "write `-- request METHOD URL --`",
		"-- request GET http://x --\n{\"bdy\":1}\n":  "the request is not JSON of the form",
		call + "-- reply now --\n":                   "section \"reply now\" is not known",
		"-- call --\n":                               "which operation?",
		"-- call A B --\n":                           "which operation?",
		"-- log --\nx\n":                             "section \"log\" comes before the first call",
		call + "-- log --\n(\n":                      "error parsing regexp",
		call + "-- error --\n\n":                     "an empty error section",
		call + "-- reply --\n1\n-- error --\nx\n":    "one reply or one error",
		call + "-- reply --\n1 2\n":                  "something follows the value",
		call + "-- expect A.B --\n-- awnser --\n1\n": "want link CONTRACT, fake OPERATION, call OPERATION",
	} {
		_, err := Parse("x.txtar", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), "x.txtar:") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q:\ngot  %v\nwant %s", text, err, want)
		}
	}
	if c, err := ParseFakes("x.txtar", []byte("-- fake A.B --\n")); err != nil || len(c.Fakes) != 1 {
		t.Errorf("a file of fakes alone: %+v, %v", c, err)
	}
}

func FuzzParseCase(f *testing.F) {
	f.Add([]byte(counterCase))
	for _, dir := range []string{"../commands/lattice/testdata/files/cases", "../commands/lattice/testdata/files/broken"} {
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
		c, err := Parse("x.txtar", b)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "x.txtar:") {
				t.Fatalf("an error that does not say where: %v", err)
			}
			return
		}
		p := NewPlayer(c, "the actor")
		for i := range c.Steps {
			s := &c.Steps[i]
			if (s.Operation == "") == (s.Request == nil) || (s.Checked && s.Fails != nil) {
				t.Fatalf("%+v", s)
			}
			p.Begin(s)
			for _, e := range s.Expects {
				_, _ = p.Ask(Question{"c", e.Link, e.Operation, s.Payload})
			}
			_ = p.End()
			if s.Request != nil {
				continue
			}
			if _, err := Match(s.Reply, s.Payload); err != nil {
				t.Fatal(err)
			}
		}
	})
}
