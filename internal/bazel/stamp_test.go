package bazel

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStatus(t *testing.T) {
	dir := t.TempDir()
	stable, volatile := filepath.Join(dir, "stable-status.txt"), filepath.Join(dir, "volatile-status.txt")
	write(t, stable, "BUILD_EMBED_LABEL \nBUILD_HOST host\nSTABLE_VERSION 1.2.3\nSTABLE_TITLE an  echo, with spaces \n\nALONE\n")
	write(t, volatile, "BUILD_TIMESTAMP 1700000000\r\nBUILD_HOST later\n")
	got, err := ReadStatus(stable, volatile)
	if err != nil {
		t.Fatal(err)
	}
	want := Status{"BUILD_EMBED_LABEL": "", "BUILD_HOST": "later", "STABLE_VERSION": "1.2.3", "STABLE_TITLE": "an  echo, with spaces ", "ALONE": "",
		"BUILD_TIMESTAMP": "1700000000", "BUILD_TIMESTAMP_RFC3339": "2023-11-14T22:13:20Z"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := ReadStatus(stable, filepath.Join(dir, "gone")); err == nil {
		t.Error("a missing file was read")
	}
	write(t, volatile, "X "+strings.Repeat("y", 1<<20)+"\n")
	if _, err := ReadStatus(volatile); err == nil || !strings.Contains(err.Error(), volatile) {
		t.Errorf("a line without end: %v", err)
	}
}

func TestExpand(t *testing.T) {
	s := Status{"STABLE_VERSION": "1.2.3", "HASH": "abc", "EMPTY": ""}
	for text, want := range map[string]string{
		"":                           "",
		"0.1.0":                      "0.1.0",
		"{STABLE_VERSION}-g{HASH}":   "1.2.3-gabc",
		"{not a key} {} { HASH} {9}": "{not a key} {} { HASH} {9}",
		"{{HASH}}":                   "{abc}",
	} {
		if got, err := s.Expand(text); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"v{EMPTY}", "{GONE}"} {
		got, err := s.Expand(text)
		if err == nil || got != "" || !strings.Contains(err.Error(), "it has HASH, STABLE_VERSION") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}
