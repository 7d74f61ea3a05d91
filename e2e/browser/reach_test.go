package browser

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

// push stores an actor in a registry of this test and returns its reference.
func push(t *testing.T, wasm []byte) string {
	t.Helper()
	reg := registry.New(registry.Options{})
	layer, config := reg.Put("echo", wasm), reg.Put("echo", []byte("{}"))
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2,
		"config":        map[string]any{"mediaType": artifact.ModuleConfig, "digest": config, "size": 2},
		"layers":        []any{map[string]any{"mediaType": artifact.ModuleLayer, "digest": layer, "size": len(wasm)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	reg.PutManifest("echo", "0.1.0", "application/vnd.oci.image.manifest.v1+json", manifest)
	server := httptest.NewServer(reg)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://") + "/echo:0.1.0"
}

// An actor comes from a registry; what it logs is seen while it runs, and can be
// searched, held and let go on.
func TestReferenceAndLiveLines(t *testing.T) {
	chromium(t)
	h := startHost(t)
	ref := push(t, probe(t))
	p := open(t, h)
	p.enter(h)
	p.click("#start")
	p.click(`label[for="from-ref"]`)
	p.fill("#ref", strings.Replace(ref, ":0.1.0", ":9.9.9", 1))
	p.click("#start-go")
	p.sees("#start-error", ":9.9.9")
	p.until(`document.querySelector("#start-dialog").open && !document.querySelector("#start-go").disabled`)
	p.fill("#ref", ref)
	p.fill("#count", "2")
	p.submit("start")
	p.sees(`[data-table="actors"] tbody tr`, ref)
	p.sees(`[data-table="actors"] td.num`, "2")

	say := func(word string) {
		t.Helper()
		body := fmt.Sprintf(`{"target":"vector/probe","operation":"HttpServer.HandleRequest","payload":{"method":"GET","path":"/log","queryString":%q,"header":{},"body":""}}`, word)
		req, err := http.NewRequestWithContext(t.Context(), "POST", h.state.Dashboard+"api/calls", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_, token, _ := strings.Cut(h.login, "?token=")
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if b, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 200 || !strings.Contains(string(b), `"ok":true`) {
			t.Fatalf("%s %s %v", res.Status, b, err)
		}
	}
	p.show("activity")
	say("apple")
	p.sees("#log", "probe logged apple")
	p.fill("#log-text", "banana")
	p.gone("#log", "apple")
	say("banana")
	p.sees("#log", "probe logged banana")
	p.click("#log-pause")
	say("banana-again")
	p.sees("#log-count", "new lines wait")
	p.gone("#log", "banana-again")
	p.click("#log-pause")
	p.sees("#log", "banana-again")
	p.fill("#log-text", "")
	p.click(`#log-filters input[name="log"]`)
	p.gone("#log", "probe logged")
	p.sees("#log", "actors started")
}

// A page whose cookie is no longer good, as after a restart of the host, says so
// and what to do.
func TestSignedOut(t *testing.T) {
	chromium(t)
	h := startHost(t)
	p := open(t, h)
	p.enter(h)
	p.do(chromedp.Func(clearCookies))
	p.show("calls") // asks for the last calls, and is refused
	p.sees("#status", "Signed out")
	p.sees("#problems", "devhost dashboard")
	p.screenshot("signed-out-later")
}

// A page of another site, or of another port of this machine, can do nothing with
// the cookie that the browser has.
func TestOtherPagesAreRefused(t *testing.T) {
	chromium(t)
	h := startHost(t)
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><link rel=icon href=data:,><title>evil</title>")
	}))
	defer evil.Close()
	p := open(t, h)
	p.also = []string{evil.URL, strings.Replace(evil.URL, "127.0.0.1", "localhost", 1)}
	p.expect = true // the browser complains in the console of what is refused
	p.enter(h)
	for _, site := range p.also { // same site and other port; another site
		p.do(chromedp.Navigate(site))
		got := eval[string](p, `(async () => {
			const to = `+js(h.state.Dashboard)+`, out = [];
			const attempt = async (name, f) => { try { out.push(name + ": " + await f()); } catch (e) { out.push(name + ": refused"); } };
			await attempt("read", async () => (await fetch(to + "api/lattice", { credentials: "include" })).status);
			await attempt("blind read", async () => (await fetch(to + "api/lattice", { mode: "no-cors", credentials: "include" })).type);
			await attempt("write", async () => (await fetch(to + "api/links", { method: "PUT", credentials: "include", body: "{}", headers: { "Content-Type": "application/json" } })).status);
			await attempt("form", async () => (await fetch(to + "api/uploads?name=x", { method: "POST", mode: "no-cors", credentials: "include", body: "x" })).type);
			await attempt("events", () => new Promise((yes, no) => { const s = new EventSource(to + "api/events", { withCredentials: true }); s.onmessage = yes; s.onopen = () => yes("open"); s.onerror = no; }));
			await attempt("script", () => new Promise((yes, no) => { const s = document.createElement("script"); s.src = to + "assets/app.js"; s.onload = () => yes("ran"); s.onerror = no; document.head.append(s); }));
			await attempt("image", () => new Promise((yes, no) => { const s = new Image(); s.src = to + "assets/icon.svg"; s.onload = () => yes("seen"); s.onerror = no; }));
			return out.join("\n");
		})()`)
		for line := range strings.SplitSeq(got, "\n") {
			// Fetches without CORS fail or give nothing that can be read; the host
			// refuses the form all the same.
			if !strings.HasSuffix(line, ": refused") && !strings.HasSuffix(line, ": opaque") {
				t.Errorf("from %s: %s", site, line)
			}
		}
	}
	if strings.Contains(h.out.String(), "upload") {
		t.Errorf("an upload came through:\n%s", h.out)
	}
}
