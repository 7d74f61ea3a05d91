package oci

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestThePageSaysWhatWeSay: whoever searches docs/registries.md for a message finds it.
func TestThePageSaysWhatWeSay(t *testing.T) {
	page, err := os.ReadFile("../../docs/registries.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(text)
	}
	_, table, _ := strings.Cut(string(page), "| It says |")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := strings.Split(table, "\n")[2:]
	if len(rows) < 15 {
		t.Fatalf("%d rows: the table is not recognised", len(rows))
	}
	quoted, status := regexp.MustCompile("`([^`]+)`"), regexp.MustCompile(`^\d+$`)
	for _, row := range rows {
		says := strings.Split(row, "|")[1]
		for _, m := range quoted.FindAllStringSubmatch(says, -1) {
			for _, part := range strings.Split(m[1], "…") {
				if part = strings.TrimSpace(part); part != "" && !status.MatchString(part) && !strings.Contains(source.String(), part) {
					t.Errorf("no message has %q", part)
				}
			}
		}
	}
}
