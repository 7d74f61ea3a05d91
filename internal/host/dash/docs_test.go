package dash

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The page on the API names every route, and no other.
func TestEveryRouteIsDocumented(t *testing.T) {
	source, err := os.ReadFile("api.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../../docs/dashboard.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "\n## The API\n")
	routes := map[string]bool{}
	for _, m := range regexp.MustCompile(`"([A-Z]+) /api(/[^"]+)"`).FindAllStringSubmatch(string(source), -1) {
		path := strings.NewReplacer("{key}", "KEY", "{id}", "ID").Replace(m[2])
		routes[path] = true
		if !strings.Contains(table, path) || !strings.Contains(table, m[1]+" ") {
			t.Errorf("docs/dashboard.md lacks %s %s", m[1], path)
		}
	}
	if len(routes) < 12 {
		t.Fatalf("only %d routes were found", len(routes))
	}
	for _, m := range regexp.MustCompile("`(?:[A-Z]+ )?/api(/[^`?]+)").FindAllStringSubmatch(table, -1) {
		if !routes[m[1]] && m[1] != "/" {
			t.Errorf("docs/dashboard.md names %s, which is no route", m[1])
		}
	}
}
