package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// patience is what a test waits for something that must happen, and no time at
// all if all is well.
const patience = 40 * time.Second

// chromium finds a browser, or skips the test and says what to install. .ci/run
// installs one and sets REQUIRE_BROWSER, so there its absence is a failure.
func chromium(t *testing.T) string {
	t.Helper()
	names := []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}
	for _, name := range names {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const cure = "no Chromium or Chrome is installed: apt-get install chromium, or name one in CHROMIUM"
	if os.Getenv("CI") == "true" || os.Getenv("REQUIRE_BROWSER") != "" {
		t.Fatal(cure)
	}
	t.Skip(cure)
	return ""
}

// page is a tab of a headless browser.
type page struct {
	t    *testing.T
	ctx  context.Context
	base string // of the dashboard, with its last slash
	shot string // folder of screenshots

	also   []string // further places that the test itself opens
	expect bool     // the test does what the browser complains of

	mu       sync.Mutex
	problems []string // what the console said, and what was fetched from elsewhere
}

// open starts a browser with nothing open. What a page of it writes to the console
// as a warning or error, and what it fetches from elsewhere, fails the test.
func open(t *testing.T, h *host) *page {
	t.Helper()
	p := &page{t: t, base: h.state.Dashboard, shot: artifacts(t)}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium(t)), chromedp.Flag("disable-dev-shm-usage", true), chromedp.WindowSize(1280, 860))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc, chromedp.WithListener(p.watch))
	t.Cleanup(cancel)
	p.ctx = ctx
	p.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, network.Enable, network.EnableParams{})
		return err
	}))
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, what := range p.problems {
			t.Errorf("in the browser: %s", what)
		}
	})
	return p
}

// artifacts is where screenshots are kept: SCREENSHOTS names a folder, else go
// test's -artifacts decides.
func artifacts(t *testing.T) string {
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		return t.ArtifactDir()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (p *page) watch(ev any) {
	switch e := ev.(type) {
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err != nil || u.Scheme != "data" && u.Scheme != "about" && !strings.HasPrefix(e.Request.URL, p.base) &&
			!slices.ContainsFunc(p.also, func(place string) bool { return strings.HasPrefix(e.Request.URL, place) }) {
			p.note("fetched from elsewhere: " + e.Request.URL)
		}
	case *runtime.EventExceptionThrown:
		p.note(fmt.Sprintf("exception: %s %s", e.ExceptionDetails.Text, describe(e.ExceptionDetails.Exception)))
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" || e.Type == "assert" {
			p.note(fmt.Sprintf("console %s: %s", e.Type, describe(e.Args...)))
		}
	case *log.EventEntryAdded:
		// The answer to a refused request is an entry too; those are what tests ask for.
		if p.expect {
			return
		}
		if (e.Entry.Level == "error" || e.Entry.Level == "warning") && !strings.Contains(e.Entry.Text, "the server responded with a status of 4") {
			p.note(fmt.Sprintf("%s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL))
		}
	}
}

func (p *page) note(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, text)
}

func describe(args ...*runtime.RemoteObject) string {
	var parts []string
	for _, a := range args {
		if a != nil {
			parts = append(parts, a.Description+string(a.Value))
		}
	}
	return strings.Join(parts, " ")
}

func (p *page) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	// The first use must have the tab's own context; a deadline bounds the others.
	if chromedp.FromContext(p.ctx).Target == nil {
		if err := chromedp.Do(p.ctx, steps...); err != nil {
			p.t.Fatal(err)
		}
		return
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.fatal(err)
	}
}

func (p *page) fatal(err error) {
	p.t.Helper()
	text, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string](`document.body.innerText`))
	if png, shotErr := chromedp.Run(p.ctx, chromedp.CaptureScreenshot()); shotErr == nil {
		_ = os.WriteFile(filepath.Join(p.shot, strings.ReplaceAll(p.t.Name(), "/", "_")+"-failed.png"), png, 0o644)
	}
	p.t.Fatalf("%v\nthe page:\n%s", err, text)
}

// eval evaluates an expression in the page.
func eval[T any](p *page, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.fatal(fmt.Errorf("%s: %w", expression, err))
	}
	return v
}

// until waits until an expression is true.
func (p *page) until(expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	for {
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`Boolean(`+expression+`)`))
		if ok {
			return
		}
		if ctx.Err() != nil || err != nil && errors.Is(err, context.DeadlineExceeded) {
			p.fatal(fmt.Errorf("still waiting for %s (last: %v)", expression, err))
		}
		pause(ctx)
	}
}

// pause lets the page get on between two looks.
func pause(ctx context.Context) {
	timer := time.NewTimer(20 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// js quotes a text for an expression.
func js(text string) string {
	b, _ := json.Marshal(text) // of a string: never fails
	return string(b)
}

// sees waits until an element, by its CSS selector, shows a text.
func (p *page) sees(selector, text string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`[...document.querySelectorAll(%s)].some((e) => e.innerText.includes(%s))`, js(selector), js(text)))
}

// gone waits until no element shows the text.
func (p *page) gone(selector, text string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`![...document.querySelectorAll(%s)].some((e) => e.innerText.includes(%s))`, js(selector), js(text)))
}

func (p *page) click(selector string) {
	p.t.Helper()
	p.do(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// fill replaces what a field holds, by typing.
func (p *page) fill(selector, text string) {
	p.t.Helper()
	p.do(chromedp.WaitVisible(chromedp.CSS(selector)))
	eval[bool](p, fmt.Sprintf(`(() => { const e = document.querySelector(%s); e.focus(); e.select(); return true; })()`, js(selector)))
	if text == "" {
		p.press(kb.Delete)
		return
	}
	p.do(chromedp.KeyEvent(text))
}

// press presses keys wherever the focus is.
func (p *page) press(keys string, modifiers ...chromedp.Modifier) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(keys, chromedp.KeyModifiers(modifiers...)))
}

// enter opens the dashboard by the printed URL and waits until it is drawn.
func (p *page) enter(h *host) {
	p.t.Helper()
	p.do(chromedp.Navigate(h.login))
	p.until(`document.body.dataset.ready === "true" && document.querySelector("#status").textContent === "Live"`)
}

// look sets the viewport and the theme.
func (p *page) look(width, height int64, theme string) {
	p.t.Helper()
	p.do(chromedp.EmulateViewport(width, height), chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return err
	}))
}

// screenshot keeps what is seen, as NAME.png among the test's artifacts.
func (p *page) screenshot(name string) {
	p.t.Helper()
	png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.shot, name+".png"), png, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// clearCookies is what a browser that forgets does.
func clearCookies(ctx context.Context, tab *chromedp.Target) error {
	_, err := cdp.Call(ctx, tab, network.ClearBrowserCookies, cdp.Empty{})
	return err
}
