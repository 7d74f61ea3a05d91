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
)

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
