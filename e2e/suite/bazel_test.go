package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// stubBazelw gives a bazelw that says text and ends with a code.
func stubBazelw(t *testing.T, text, code string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "bazelw")
	if err := os.WriteFile(file, []byte("#!/bin/sh\necho "+text+" >&2\nexit "+code+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestNoBazelIsSkippedOrFailed(t *testing.T) {
	for name, tt := range map[string]struct {
		code     string
		required bool
		want     string
		failed   int
	}{
		"skipped":           {"77", false, "skipped: e2e/bazel with a real Bazel: bazelw: not run: BAZEL=skip", 0},
		"required":          {"77", true, "failed: e2e/bazel with a real Bazel", 1},
		"could not be made": {"1", false, "failed: e2e/bazel with a real Bazel", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir()) // where Go finds no package to test
			var out, progress bytes.Buffer
			s := newSuite(&out)
			s.bazelTests(provision(t.Context(), &progress, stubBazelw(t, "bazelw: not run: BAZEL=skip", tt.code)), tt.required)
			s.summary(false)
			if !strings.Contains(out.String(), tt.want) {
				t.Errorf("want %q in\n%s", tt.want, out.String())
			}
			// go test's own failure comes on top.
			if s.failed != tt.failed+1 || s.skipped != 1-tt.failed {
				t.Errorf("%d failed, %d skipped:\n%s", s.failed, s.skipped, out.String())
			}
			if !strings.Contains(progress.String(), "not run") {
				t.Error("what bazelw says is not shown while it works")
			}
		})
	}
}
