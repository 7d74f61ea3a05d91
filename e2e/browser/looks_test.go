package browser

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

var views = []string{"overview", "actors", "providers", "links", "claims", "hosts", "calls", "activity"}

// Every view is legible in both themes, on a screen and on a phone: names for all
// that can be used, enough contrast, nothing wider than the screen.
func TestLooks(t *testing.T) {
	chromium(t)
	h := startHost(t, "--label", "zone=test")
	p := open(t, h)
	p.enter(h)
	p.startFile(h.file(t, "probe_s.wasm", probe(t)))
	p.link()
	p.show("calls")
	p.fill("#call-operation", "HttpServer.HandleRequest")
	p.fill("#call-payload", `{"method":"GET","path":"/log","queryString":"hello","header":{},"body":""}`)
	p.press("\r", chromedp.ModifierCtrl)
	p.sees("#call-reply", "logged")
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 360} {
			p.look(width, 780, theme)
			eval[string](p, `location.hash = "#links"`)
			eval[bool](p, `(document.querySelector('[data-table="links"] [data-action="delete"]').click(), true)`)
			p.until(`document.querySelector("#confirm-dialog").open`)
			p.check(fmt.Sprintf("dialog confirm, %s, %d wide", theme, width), width)
			p.press(kb.Escape)
			for _, view := range views {
				eval[string](p, `location.hash = "#`+view+`"`)
				p.until(`!document.querySelector("#view-` + view + `").hidden`)
				p.check(fmt.Sprintf("%s, %s, %d wide", view, theme, width), width)
				p.screenshot(fmt.Sprintf("%s-%s-%d", view, theme, width))
			}
			for _, dialog := range []string{"start", "link", "scale", "update"} {
				eval[bool](p, `(document.querySelector("#`+dialog+`-dialog").showModal(), true)`)
				p.check(fmt.Sprintf("dialog %s, %s, %d wide", dialog, theme, width), width)
				if dialog == "start" {
					p.screenshot(fmt.Sprintf("start-%s-%d", theme, width))
				}
				eval[bool](p, `(document.querySelector("#`+dialog+`-dialog").close(), true)`)
			}
		}
	}
}

// link defines a link of the probe to a provider that is not there, by the form.
func (p *page) link() {
	p.t.Helper()
	p.show("links")
	p.click("#new-link")
	p.fill("#link-provider", storeKey)
	p.fill("#link-contract", kvContract)
	p.fill("#link-values", "prefix=demo")
	p.submit("link")
	p.sees(`[data-table="links"] tbody tr`, kvContract)
}

// check runs the rules of inspect in the page.
func (p *page) check(where string, width int64) {
	p.t.Helper()
	var found []string
	if err := json.Unmarshal([]byte(eval[string](p, inspect)), &found); err != nil {
		p.t.Fatal(err)
	}
	for _, f := range found {
		p.t.Errorf("%s: %s", where, f)
	}
	if wide := eval[int64](p, `document.documentElement.scrollWidth`); wide > width {
		p.t.Errorf("%s: the page is %d wide", where, wide)
	}
}

// inspect looks for what makes a page hard to use: fields and buttons without a
// name, ids given twice, text with a contrast below 4.5 (WCAG AA; disabled
// buttons are exempt there), things to touch that are smaller than 20 pixels.
const inspect = `(() => {
  const found = [];
  const open = document.querySelector("dialog[open]");
  const visible = (e) => (!open || open.contains(e)) && e.checkVisibility() && e.getClientRects().length > 0;
  const say = (e, what) => found.push(what + ": <" + e.tagName.toLowerCase() + (e.id ? " id=" + e.id : "") + "> " + (e.textContent || "").trim().slice(0, 40));
  const name = (e) => e.getAttribute("aria-label") || (e.getAttribute("aria-labelledby") || "").split(" ").map((i) => document.getElementById(i)?.textContent).join("") ||
    [...(e.labels || [])].map((l) => l.textContent).join("") || (["BUTTON", "A"].includes(e.tagName) ? e.textContent : "");
  const ids = new Map();
  for (const e of document.querySelectorAll("[id]")) ids.set(e.id, (ids.get(e.id) || 0) + 1);
  for (const [id, n] of ids) if (n > 1) found.push("id given twice: " + id);
  for (const e of document.querySelectorAll("[aria-labelledby], [aria-describedby]"))
    for (const id of (e.getAttribute("aria-labelledby") + " " + e.getAttribute("aria-describedby")).split(" "))
      if (id !== "null" && !ids.has(id)) say(e, "names a missing element " + id);
  for (const e of document.querySelectorAll("input, select, textarea, button, a[href], dialog, nav, [role=log]")) if (visible(e) && !name(e).trim()) say(e, "has no name");
  for (const e of document.querySelectorAll("img")) if (!e.hasAttribute("alt")) say(e, "has no alt");
  for (const e of document.querySelectorAll("button, a[href], select")) {
    const r = e.getBoundingClientRect();
    if (visible(e) && r.width > 2 && (r.height < 16 || r.width < 16)) say(e, "is too small to touch (" + r.width + "x" + r.height + ")");
  }
  const parse = (c) => { const n = c.match(/[\d.]+/g).map(Number); return { rgb: n.slice(0, 3), a: n.length > 3 ? n[3] : 1 }; };
  const over = (top, under) => top.rgb.map((v, i) => v * top.a + under[i] * (1 - top.a));
  const ground = (e) => {
    const layers = [];
    for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); layers.push(c); if (c.a === 1) break; }
    let rgb = [255, 255, 255];
    for (const l of layers.reverse()) rgb = over(l, rgb);
    return rgb;
  };
  const light = (rgb) => { const [r, g, b] = rgb.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let texts = 0;
  for (let n; (n = walker.nextNode()); ) {
    const e = n.parentElement;
    if (!n.data.trim() || !visible(e) || ["SCRIPT", "STYLE", "OPTION", "NOSCRIPT"].includes(e.tagName) || e.closest(":disabled, .visually-hidden, thead")) continue;
    texts++;
    const under = ground(e), c = contrast(over(parse(getComputedStyle(e).color), under), under);
    if (c < 4.5) say(e, "contrast " + c.toFixed(2));
  }
  for (const e of document.querySelectorAll("input, textarea")) {
    if (!visible(e) || !e.placeholder) continue;
    const under = ground(e), c = contrast(over(parse(getComputedStyle(e, "::placeholder").color), under), under);
    if (c < 4.5) say(e, "placeholder contrast " + c.toFixed(2));
  }
  if (texts < 3) found.push("only " + texts + " texts were looked at");
  return JSON.stringify(found);
})()`

// The rules see what they are made for.
func TestInspectSees(t *testing.T) {
	chromium(t)
	h := startHost(t)
	p := open(t, h)
	p.enter(h)
	eval[bool](p, `(() => {
		const add = (html) => document.querySelector("#view-overview").insertAdjacentHTML("beforeend", html);
		add('<input id="bad1"><button id="bad2"></button><img id="bad3" src="/assets/icon.svg"><p id="bad4" class="faint">faint text here</p><p id="start">twice</p>');
		document.querySelector(".faint").style.color = "#bbb";
		return true;
	})()`)
	got := eval[string](p, inspect)
	for _, want := range []string{"has no name: <input id=bad1", "has no name: <button id=bad2", "has no alt: <img id=bad3", "contrast 1.", "id given twice: start"} {
		if !strings.Contains(got, want) {
			t.Errorf("not seen: %s in %s", want, got)
		}
	}
}

// tab moves the focus until it is on an element that matches.
func (p *page) tab(selector string) {
	p.t.Helper()
	for range 80 {
		p.press(kb.Tab)
		if eval[bool](p, `document.activeElement.matches(`+js(selector)+`)`) {
			if !eval[bool](p, `document.activeElement.matches(":focus-visible") && getComputedStyle(document.activeElement.matches("input[type=radio]") ? document.activeElement.nextElementSibling : document.activeElement).outlineStyle !== "none"`) {
				p.t.Errorf("%s has the focus, and nobody sees it", selector)
			}
			return
		}
	}
	p.fatal(fmt.Errorf("the focus never comes to %s", selector))
}

// Everything can be done without a mouse.
func TestKeyboard(t *testing.T) {
	chromium(t)
	h := startHost(t)
	file := h.file(t, "probe_s.wasm", probe(t))
	p := open(t, h)
	p.enter(h)
	p.press(kb.Tab)
	if !eval[bool](p, `document.activeElement.matches(".skip") && document.activeElement.getBoundingClientRect().top >= 0`) {
		t.Error("the first stop is not the link that skips the navigation, or it is not seen")
	}
	p.press("\r")
	if !eval[bool](p, `document.activeElement.id === "main"`) {
		t.Error("the skip link does not lead to the content")
	}
	p.do(chromedp.Reload())
	p.until(`document.body.dataset.ready === "true"`)

	// A file by its path: browsers open their own dialog for files, so the
	// reference is what is typed here.
	p.tab("#start")
	p.press("\r")
	p.until(`document.querySelector("#start-dialog").open && document.activeElement.id === "file"`)
	p.press(kb.Tab, chromedp.ModifierShift) // to the chosen way
	p.until(`document.activeElement.id === "from-file"`)
	p.press(kb.ArrowRight)
	p.until(`!document.querySelector("#source-ref").hidden`)
	p.tab("#ref")
	p.do(chromedp.KeyEvent("file://" + file))
	p.press("\r")
	p.sees(`[data-table="actors"] tbody tr`, "MCLFG44A")
	p.until(`!document.querySelector("#start-dialog").open && location.hash === "#actors"`)

	p.tab(`[data-table="actors"] [data-action="scale"]`)
	p.press("\r")
	p.until(`document.activeElement.id === "scale-count"`)
	p.do(chromedp.KeyEvent("2"))
	p.press("\r")
	p.sees(`[data-table="actors"] td.num`, "2")
	p.until(`!document.querySelector("#scale-dialog").open`)
	p.until(`document.activeElement.dataset.action === "scale"`) // where it was, although the row is new

	p.tab(`[data-table="actors"] [data-action="stop"]`)
	p.press("\r")
	p.until(`document.activeElement.textContent === "Cancel"`) // Enter alone ends nothing
	p.press(kb.Escape)
	p.until(`!document.querySelector("#confirm-dialog").open`)
	p.press(kb.Tab, chromedp.ModifierShift)
	p.press(kb.Tab, chromedp.ModifierShift)
	p.press(kb.Tab, chromedp.ModifierShift)
	p.until(`document.activeElement.dataset.action === "call"`)
	p.press("\r")
	p.until(`document.activeElement.id === "call-operation"`)
	p.do(chromedp.KeyEvent("HttpServer.HandleRequest"))
	p.press(kb.Tab)
	p.do(chromedp.KeyEvent(`{"method":"GET","path":`))
	p.press("\r", chromedp.ModifierCtrl)
	p.sees("#call-error", "The payload is no JSON")
	p.until(`document.activeElement.id === "call-payload" && document.activeElement.getAttribute("aria-invalid") === "true"`)
	p.do(chromedp.KeyEvent(`"/keys","queryString":"","header":{},"body":""}`))
	p.press("\r", chromedp.ModifierCtrl)
	p.sees("#call-reply", "GET /keys 0 bytes")
}
