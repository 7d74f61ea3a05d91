package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/e2e/ruledocs"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

// rules reads what the Bazel rules offer.
func rules(t *testing.T) []ruledocs.Page {
	t.Helper()
	pages, err := ruledocs.Read(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// The pages under docs/rules are what the .bzl files say of themselves.
func TestRulesReference(t *testing.T) {
	all := rules(t)
	for _, what := range ruledocs.Missing(all) {
		t.Errorf("%s has no documentation", what)
	}
	dir := "../docs/rules"
	made := []string{"README.md"}
	testkit.GoldenFile(t, filepath.Join(dir, "README.md"), ruledocs.Index(all))
	for _, page := range all {
		made = append(made, page.Topic+".md")
		testkit.GoldenFile(t, filepath.Join(dir, page.Topic+".md"), page.Markdown())
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(made, e.Name()) {
			t.Errorf("docs/rules/%s belongs to no file under rules/", e.Name())
		}
	}
}
