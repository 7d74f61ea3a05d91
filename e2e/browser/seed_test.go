package browser

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// No answer of the dashboard holds a seed, although the host has several.
func TestNoAnswerHoldsASeed(t *testing.T) {
	h := startHost(t, "--log-level", "debug")
	seed := regexp.MustCompile(`\bS[A-Z][A-Z2-7]{56}\b`)
	context, err := os.ReadFile(filepath.Join(h.dir, "host.context.json"))
	if err != nil || !seed.Match(context) {
		t.Fatalf("a seed is not recognised where one is (%v)", err)
	}
	_, token, _ := strings.Cut(h.login, "?token=")
	get := func(path string) string {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), "GET", h.state.Dashboard+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if path != "api/events" {
			b, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != 200 {
				t.Fatalf("%s: %s %v", path, res.Status, err)
			}
			return string(b)
		}
		var text strings.Builder // up to what is live: the host's log of its start is in it
		for buf := make([]byte, 4096); !strings.Contains(text.String(), "event: live"); {
			n, err := res.Body.Read(buf)
			text.Write(buf[:n])
			if err != nil {
				t.Fatal(err)
			}
		}
		return text.String()
	}
	for _, path := range []string{"", "api/host", "api/lattice", "api/hosts", "api/actors", "api/providers", "api/links", "api/claims", "api/calls", "api/uploads", "api/events"} {
		if body := get(path); seed.MatchString(body) || strings.Contains(body, token) {
			t.Errorf("/%s gives a secret away: %s", path, body)
		}
	}
	if !strings.Contains(get("api/events"), "host ready") {
		t.Error("the host's log is not among the events")
	}
}
