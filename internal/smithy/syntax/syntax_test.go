package syntax

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const head = "$version: \"2\"\n\nnamespace ex\n\n"

func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../testdata/*/*.smithy")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	all := map[string][]byte{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[f] = text
	}
	return all
}

func TestFormatIsAFixedPoint(t *testing.T) {
	for name, text := range corpus(t) {
		once, err := Format(name, text)
		if err != nil {
			continue
		}
		twice, err := Format(name, once)
		if err != nil || string(twice) != string(once) {
			t.Errorf("%s: %v\n%s", name, err, twice)
		}
	}
}

// Every comment stands somewhere, whatever it stood beside.
const commented = `// c01
$version: "2" // c02

// c03
metadata a = [ // c04
    // c05
    1 // c06
    // c07
] // c08

// c09
namespace ex // c10

// c11
use a.b#C // c12

/// c13
// c14
@deprecated( // c15
    // c16
    message: /* not a comment in Smithy */ "x"
)
structure A {}
`

func TestCommentsAreKept(t *testing.T) {
	text := strings.Replace(commented, "/* not a comment in Smithy */ ", "", 1) + `
@tags(["a"]) // c17
// c18
@since("1") // c19
// c20
structure B // c21
{ // c22
    // c23
    @required // c24
    // c25
    a: String // c26
    /// c27
    b: String = "x" // c28
    // c29
} // c30

operation O { // c31
    // c32
    input := // c33
        // c34
        @deprecated
        { // c35
            a: String // c36
        } // c37
    errors: [ // c38
        B // c39
    ] // c40
} // c41

apply B { // c42
    // c43
    @tags( // c44
        ["x"] // c45
    ) // c46
    // c47
} // c48
// c49
`
	out, err := Format("x", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= 49; i++ {
		name := "c" + string(rune('0'+i/10)) + string(rune('0'+i%10))
		if strings.Count(string(out), name) != 1 {
			t.Errorf("%s is there %d times in\n%s", name, strings.Count(string(out), name), out)
		}
	}
	if again, err := Format("x", out); err != nil || string(again) != string(out) {
		t.Errorf("not a fixed point: %v\n%s", err, again)
	}
}

func TestSeveralErrorsAreFound(t *testing.T) {
	text := head + "structure A {\n    a String\n    b: String\n    c:: String\n}\n\nfoo B\n\nstructure C { : }\n\nlist D {\n    member: String\n}\n\n@x(\nstring E\n"
	f, err := Parse("m.smithy", []byte(text))
	var list ErrorList
	if !errors.As(err, &list) || len(list) != 5 {
		t.Fatalf("%v", err)
	}
	if first := list[0].Error(); first != "m.smithy:6:7: want `:` after the member a, found `String`" {
		t.Error(first)
	}
	if len(f.Statements) != 3 {
		t.Errorf("%d statements are understood", len(f.Statements))
	}
}

func TestValuesOfStrings(t *testing.T) {
	tests := map[string]string{
		`"a\u0041\n\"\\\/"`:                  "aA\n\"\\/",
		`"\ud83d\ude00"`:                     "😀",
		"\"two\nlines\"":                     "two\nlines",
		"\"\"\"\n    a\n      b\n    \"\"\"": "a\n  b\n",
		"\"\"\"\n    a\n    b\"\"\"":         "a\nb",
		"\"\"\"\n    a \\\n    b\"\"\"":      "a b",
		"\"\"\"\n    \"\" x  \n\n    \"\"\"": "\"\" x\n\n",
		"\"\"\"\r\n  a\r\n  \"\"\"":          "a\n",
		`""`:                                 "",
	}
	for text, want := range tests {
		f, err := Parse("x", []byte("metadata a = "+text+"\n"))
		if err != nil || f.Metadata[0].Value.Text != want {
			t.Errorf("%s: %v, %d entries", text, err, len(f.Metadata))
		}
	}
}

// Input that is built to hurt costs little and ends.
func TestHostileInput(t *testing.T) {
	tests := map[string]string{
		"deep arrays":   "metadata a = " + strings.Repeat("[", 1<<20),
		"deep objects":  "metadata a = " + strings.Repeat("{a:", 1<<19),
		"many errors":   "namespace a\n" + strings.Repeat("structure\n", 1<<16),
		"many traits":   "namespace a\n" + strings.Repeat("@a ", 1<<18),
		"many members":  "namespace a\nstructure A {\n" + strings.Repeat("a: String\n", 1<<16),
		"many keys":     "metadata a = {" + strings.Repeat("a: 1,", 1<<17),
		"open string":   "metadata a = \"" + strings.Repeat("\\", 1<<20),
		"open block":    "metadata a = \"\"\"\n" + strings.Repeat("\"\" ", 1<<18),
		"commas":        strings.Repeat(",", 1<<20),
		"comments":      strings.Repeat("//\n", 1<<18),
		"at signs":      "namespace a\n" + strings.Repeat("@", 1<<18),
		"NUL":           "namespace a\x00\n",
		"not UTF-8":     "namespace a\n\xff\xfe",
		"carriage":      "namespace a\r\rstructure A {}\r",
		"mark":          "\xef\xbb\xbfnamespace a\n",
		"long name":     "namespace " + strings.Repeat("a.", 1<<18),
		"underscore":    "namespace a\nstring _\n",
		"lonely escape": "metadata a = \"\\u12\"\n",
		"size":          strings.Repeat(" ", MaxSize+1),
	}
	for name, text := range tests {
		start := time.Now()
		f, err := Parse(name, []byte(text))
		if f == nil {
			t.Errorf("%s: no file", name)
		}
		if err == nil && name != "commas" && name != "comments" && name != "carriage" {
			t.Errorf("%s: no error", name)
		}
		if took := time.Since(start); took > 2*time.Minute {
			t.Errorf("%s: %v", name, took)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range corpus(f) {
		f.Add(text)
	}
	f.Add([]byte(commented))
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 1<<16 {
			return
		}
		file, err := Parse("f", src)
		if file == nil {
			t.Fatal("no file")
		}
		var list ErrorList
		if err != nil && (!errors.As(err, &list) || len(list) == 0) {
			t.Fatalf("%v is not a list of errors", err)
		}
		for _, e := range list {
			if e.Pos.Line < 1 || e.Pos.Column < 1 || e.Pos.Offset > len(src) {
				t.Fatalf("%v is no place in the file", e.Pos)
			}
		}
		once, err := Format("f", src)
		if err != nil {
			return
		}
		twice, err := Format("f", once)
		if err != nil || string(twice) != string(once) {
			t.Fatalf("not a fixed point: %v\nfirst:\n%s\nsecond:\n%s", err, once, twice)
		}
	})
}
