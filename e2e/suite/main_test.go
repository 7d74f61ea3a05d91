package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func newSuite(out *bytes.Buffer) *suite {
	return &suite{context.Background(), &tally{out: out}}
}

func TestEventsAreCounted(t *testing.T) {
	var out bytes.Buffer
	s := newSuite(&out)
	outputs := map[string][]string{}
	for _, e := range []event{
		{Action: "pass", Package: modulePath + "a", Test: "TestOne"},
		{Action: "pass", Package: modulePath + "a", Test: "TestOne/sub"},
		{Action: "pass", Package: modulePath + "a"},
		{Action: "skip", Package: modulePath + "none"}, // no test files
		{Action: "output", Package: modulePath + "b", Test: "TestTwo", Output: "=== RUN   TestTwo\n"},
		{Action: "output", Package: modulePath + "b", Test: "TestTwo", Output: "    b_test.go:7: WASH is not set\n"},
		{Action: "skip", Package: modulePath + "b", Test: "TestTwo"},
		{Action: "output", Package: modulePath + "b", Test: "TestThree", Output: "    b_test.go:9: got 1\n"},
		{Action: "fail", Package: modulePath + "b", Test: "TestThree"},
		{Action: "fail", Package: modulePath + "b"}, // that is TestThree again
		{Action: "build-output", ImportPath: modulePath + "c", Output: "c.go:1: syntax error\n"},
		{Action: "fail", Package: modulePath + "c", FailedBuild: modulePath + "c"},
		{Action: "output", Package: modulePath + "d", Output: "panic: out of time\n"},
		{Action: "fail", Package: modulePath + "d"},
	} {
		s.count(e, outputs)
	}
	if s.summary(false) {
		t.Error("the suite calls this a success")
	}
	text := out.String()
	for _, want := range []string{"skipped: b TestTwo: WASH is not set", "failed: b TestThree", "got 1", "failed: c (build)", "c.go:1: syntax error", "panic: out of time"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if !strings.HasSuffix(text, "\n2 passed, 3 failed, 1 skipped\n") {
		t.Errorf("the last line is not the count:\n%s", text)
	}
}

func TestChecksAreCounted(t *testing.T) {
	var out bytes.Buffer
	s := newSuite(&out)
	s.check("good", func(context.Context) ([]byte, error) { return nil, nil })
	if !s.summary(false) || !strings.HasSuffix(out.String(), "1 passed, 0 failed, 0 skipped\n") {
		t.Error(out.String())
	}
	s.check("bad", func(context.Context) ([]byte, error) { return []byte("x.go\n"), errors.New("not formatted") })
	if s.summary(false) || !strings.Contains(out.String(), "FAIL  bad\nx.go\nnot formatted\n") {
		t.Error(out.String())
	}
}

func TestScreenshotsAreKept(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("SCREENSHOTS", "")
	folder := filepath.Join("build", "shots")
	old := filepath.Join(folder, "TestOld-failed.png")
	if err := errors.Join(os.MkdirAll(folder, 0o755), os.WriteFile(old, nil, 0o600), keepScreenshots(folder)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("a picture of an earlier run is there")
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := os.Getenv("SCREENSHOTS"), filepath.Join(here, folder); got != want {
		t.Errorf("they go to %q, want %q", got, want)
	}
	t.Setenv("SCREENSHOTS", here) // somebody's own, of which nothing is removed
	if err := keepScreenshots(folder); err != nil || os.Getenv("SCREENSHOTS") != here {
		t.Errorf("they go to %q, want %q: %v", os.Getenv("SCREENSHOTS"), here, err)
	}
}
