package browser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// show opens a view by its link in the navigation.
func (p *page) show(view string) {
	p.t.Helper()
	p.click(`nav.side a[href="#` + view + `"]`)
	p.until(`!document.querySelector("#view-` + view + `").hidden`)
}

// upload chooses a file in the start dialog and waits for what is said of it.
func (p *page) upload(path string) {
	p.t.Helper()
	p.click("#start")
	p.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{path}))
	p.until(`document.querySelector("#upload-result .note")`)
}

// startFile starts a file by the dialog.
func (p *page) startFile(path string) {
	p.t.Helper()
	p.upload(path)
	p.sees("#upload-result", "Verified")
	p.submit("start")
}

// submit presses a dialog's button and waits until the work is done.
func (p *page) submit(dialog string) {
	p.t.Helper()
	p.click("#" + dialog + "-go")
	p.until(`!document.querySelector("#` + dialog + `-dialog").open`)
}

// The whole loop: start both from files, link, call, see the trace, scale, update,
// stop.
func TestActorLinkProvider(t *testing.T) {
	chromium(t)
	h := startHost(t)
	actor, provider := h.file(t, "probe_s.wasm", probe(t)), h.file(t, "store.par.gz", archive(t))
	p := open(t, h)
	p.enter(h)
	p.sees("#first-steps", "Nothing runs here yet")
	p.screenshot("overview-empty")

	p.upload(actor)
	p.sees("#upload-result", "Verified: ")
	p.sees("#upload-result", "vector/probe")
	p.screenshot("start-verified")
	p.submit("start")
	p.sees(`[data-table="actors"] tbody tr`, "MCLFG44A")
	p.sees("#said", "started")

	p.startFile(provider)
	p.sees(`[data-table="providers"] tbody tr`, "counter store")
	p.sees(`[data-table="providers"] tbody tr`, kvContract)

	// Without a link the call fails, and says what to do.
	p.show("calls")
	p.fill("#call-operation", "HttpServer.HandleRequest")
	p.fill("#call-payload", `{"method":"GET","path":"/count","queryString":"","header":{},"body":""}`)
	p.click("#call-send")
	p.sees("#call-result", "issing link definition for wasmcloud:keyvalue")
	p.until(`document.querySelector('#trace [data-kind="hostcall"].bad')`)

	// From the provider's row most of the link is known.
	p.show("providers")
	p.click(`[data-table="providers"] [data-action="link"]`)
	p.fill("#link-values", "prefix=demo\nno value")
	p.click("#link-go")
	p.sees("#link-error", "“no value” is no value: write name=value")
	p.fill("#link-values", "prefix=demo\npassword=hunter2")
	p.submit("link")
	p.show("links")
	p.sees(`[data-table="links"] tbody tr`, "prefix=demo")
	p.sees(`[data-table="links"] tbody tr`, "password=••••")

	p.show("calls")
	p.click("#call-send")
	p.sees("#call-reply", `"body": "count=1"`)
	p.sees("#call-result .verdict", "answered")
	for _, kind := range []string{"call", "actor", "link", "provider"} {
		p.until(`document.querySelector('#trace [data-kind="` + kind + `"]')`)
	}
	p.sees(`#trace [data-kind="provider"]`, "counter store")
	p.sees(`#trace [data-kind="link"]`, kvContract+" / default")
	p.until(`[...document.querySelectorAll("#trace .took")].every((e) => /\d (µs|ms|s)$/.test(e.textContent))`)
	p.sees("#call-history tbody tr", "HttpServer.HandleRequest")
	eval[bool](p, `(document.querySelector("#said").replaceChildren(), true)`) // the picture is in docs/dashboard.md
	p.screenshot("calls")

	// The call of before is found again with its trace.
	p.click(`#call-history tbody tr:nth-child(2) [data-action="trace"]`)
	p.sees("#call-result", "issing link definition")

	// An edited link reaches the provider that runs.
	p.show("links")
	p.click(`[data-table="links"] [data-action="edit"]`)
	p.fill("#link-values", "prefix=demo\nby=10")
	p.submit("link")
	p.sees(`[data-table="links"] tbody tr`, "by=10")
	p.show("activity")
	p.until(`/msg=unlinked[^]*msg=linked/.test(document.querySelector("#log").textContent)`)
	p.show("calls")
	p.click("#call-send")
	p.sees("#call-reply", `"body": "count=11"`)

	p.show("actors")
	p.click(`[data-table="actors"] [data-action="scale"]`)
	p.fill("#scale-count", "3")
	p.submit("scale")
	p.sees(`[data-table="actors"] td.num`, "3")
	p.screenshot("actors")

	p.click(`[data-table="actors"] [data-action="update"]`)
	p.fill("#update-ref", "localhost:1/none:0.1.0")
	p.click("#update-go")
	p.until(`document.querySelector("#update-error .note")`)
	p.until(`document.querySelector("#update-dialog").open`)
	p.fill("#update-ref", "file://"+h.file(t, "probe2_s.wasm", probe(t)))
	p.submit("update")
	p.sees(`[data-table="actors"] tbody tr`, "probe2_s.wasm")

	p.show("claims")
	p.sees(`[data-table="claims"] tbody tr`, "counter store")
	p.sees(`[data-table="claims"] tbody tr`, "vector/probe")
	p.show("hosts")
	p.sees(`[data-table="hosts"] tbody tr`, "this one")
	p.sees(`[data-table="hosts"] tbody tr`, "1 actor, 1 provider")
	p.show("activity")
	p.sees("#log", "linkdef set")
	p.sees("#log", "provider started")
	p.screenshot("activity")
	p.show("overview")
	p.sees("#overview-events", "actor updated")
	p.sees("#overview-calls", "HttpServer.HandleRequest")
	p.screenshot("overview")

	p.show("links")
	p.click(`[data-table="links"] [data-action="delete"]`)
	p.screenshot("confirm")
	p.submit("confirm")
	p.sees(`[data-table="links"]`, "No links")
	p.show("providers")
	p.click(`[data-table="providers"] [data-action="stop"]`)
	p.submit("confirm")
	p.sees(`[data-table="providers"]`, "No provider runs")
	p.show("actors")
	p.click(`[data-table="actors"] [data-action="stop"]`)
	p.submit("confirm")
	p.sees(`[data-table="actors"]`, "No actor runs")
}

// What a host would refuse is refused at once, and the reason is shown.
func TestRefusedUploads(t *testing.T) {
	chromium(t)
	h := startHost(t)
	changed := archive(t)
	changed[len(changed)/2] ^= 1
	p := open(t, h)
	p.enter(h)
	for _, tt := range []struct {
		name         string
		content      []byte
		title, cures string
	}{
		{"unsigned.wasm", unsigned(t), "This file is not signed", "signer sign"},
		{"expired_s.wasm", expired(t), "The signature has expired", "2020-09-13"},
		{"tampered_s.wasm", tampered(t, probe(t)), "This file was changed after it was signed", "sign the file again"},
		{"damaged.par.gz", changed, "This file", ""},
		{"notes.txt", []byte("not wasm at all"), "This file cannot be read", "neither a wasm module nor a provider archive"},
		{"empty.wasm", nil, "This file cannot be read", "is empty"},
	} {
		p.upload(h.file(t, tt.name, tt.content))
		p.sees("#upload-result .note.bad", tt.title)
		p.sees("#upload-result .note.bad", tt.cures)
		if !eval[bool](p, `document.querySelector("#start-go").disabled`) {
			t.Errorf("%s may be started", tt.name)
		}
		if tt.name == "tampered_s.wasm" {
			p.screenshot("start-refused")
		}
		p.press("\x1b")
		p.until(`!document.querySelector("#start-dialog").open`)
	}
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "devhost-uploads-*", "incoming-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("refused uploads are left over: %v %v", left, err)
	}
}

// The token leaves the address bar, the cookie cannot be read by scripts, and
// without it nothing is shown.
func TestTokenBecomesCookie(t *testing.T) {
	chromium(t)
	h := startHost(t)
	p := open(t, h)
	p.do(chromedp.Navigate(h.state.Dashboard))
	p.sees("main", "devhost dashboard")
	p.sees("main", "asks who you are")
	p.screenshot("signed-out")
	p.fill("#token", "WRONG")
	p.press("\r")
	p.sees("main", "is not this host's")

	p.enter(h)
	if at := eval[string](p, `location.href`); strings.Contains(at, "token") || !strings.HasPrefix(at, h.state.Dashboard) {
		t.Errorf("the address bar says %s", at)
	}
	if c := eval[string](p, `document.cookie`); c != "" {
		t.Errorf("scripts see the cookie: %s", c)
	}
	// A link on another page leads in, too, though strict cookies are not sent then.
	p.do(chromedp.Navigate(`data:text/html,<a id="go" href="` + h.login + `">dashboard</a>`))
	p.click("#go")
	p.until(`document.body.dataset.ready === "true"`)
	if at := eval[string](p, `location.href`); strings.Contains(at, "token") {
		t.Errorf("the address bar says %s", at)
	}
}
