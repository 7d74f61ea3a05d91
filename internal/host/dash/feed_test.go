package dash

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

func TestFeedKeepsTheLast(t *testing.T) {
	f := NewFeed()
	for i := range maxMessages + 50 {
		f.Put(Message{Text: fmt.Sprint(i + 1)})
	}
	for after, want := range map[uint64]int{0: maxMessages, 1: maxMessages, 1040: 10, 1050: 0, 99999 /* of another host */ : maxMessages} {
		kept, _, leave := f.Join(after)
		leave()
		if len(kept) != want {
			t.Errorf("after %d: %d, want %d", after, len(kept), want)
		}
		for i, m := range kept {
			if m.Text != fmt.Sprint(m.ID) || i > 0 && m.ID != kept[i-1].ID+1 {
				t.Fatalf("after %d: %+v at %d", after, m, i)
			}
		}
	}
}

// A reader that does not read is let go, and costs the others nothing.
func TestSlowReaderIsLetGo(t *testing.T) {
	f := NewFeed()
	_, slow, leave := f.Join(0)
	defer leave()
	_, quick, leave2 := f.Join(0)
	defer leave2()
	for range maxBehind + 10 {
		f.Put(Message{})
		<-quick
	}
	n := 0
	for range slow {
		n++
	}
	if n != maxBehind {
		t.Errorf("the slow one got %d", n)
	}
	if len(f.readers) != 1 {
		t.Errorf("%d readers are left", len(f.readers))
	}
}

func TestMessagesAreBounded(t *testing.T) {
	f := NewFeed()
	f.Put(Message{Text: strings.Repeat("é", maxText), Data: bytes.Repeat([]byte(" "), maxData+1)})
	kept, _, leave := f.Join(0)
	leave()
	if m := kept[0]; len(m.Text) > maxText+100 || !utf8.ValidString(m.Text) || m.Data != nil || !strings.HasSuffix(m.Text, "too large to be shown)") {
		t.Errorf("%d bytes: %s", len(m.Text), m.Text[len(m.Text)-60:])
	}
}

// serve runs a dashboard on a port until the test ends.
func (w *world) serve() (addr string, stop func()) {
	w.t.Helper()
	l, err := Listen(0)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.server.Serve(ctx, l) }()
	stop = func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Error(err)
		}
		ended <- nil
	}
	w.t.Cleanup(stop)
	return l.Addr().String(), stop
}

// listen opens the event stream and returns its lines.
func (w *world) listen(addr, lastID string) *bufio.Reader {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.(*testing.T).Context(), "GET", "http://"+addr+"/api/events", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Last-Event-ID", lastID)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { res.Body.Close() })
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		w.t.Fatalf("%s %v", res.Status, res.Header)
	}
	return bufio.NewReader(res.Body)
}

func until(t testing.TB, r *bufio.Reader, want string) {
	t.Helper()
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("waiting for %q: %v", want, err)
		}
		if strings.Contains(line, want) {
			return
		}
	}
}

func TestEventStream(t *testing.T) {
	w := start(t, nil)
	addr, stop := w.serve()
	w.host.put <- Message{Kind: KindLog, Text: "first\nline"}
	r := w.listen(addr, "")
	until(t, r, `"text":"first\nline"`)
	until(t, r, "event: live")
	w.host.put <- Message{Kind: KindEvent, Text: "second"}
	until(t, r, "id: 2")
	until(t, r, `"text":"second"`)
	again := w.listen(addr, "1") // comes back: only what it has not
	until(t, again, "id: 2")
	for range maxMessages + 10 {
		w.server.cfg.Feed.Put(Message{})
	}
	late := w.listen(addr, "1") // comes back too late: how much is lost
	until(t, late, "event: gap")
	until(t, late, "data: 11")
	// The end of the host ends the streams: no goroutine is left (TestMain).
	stop()
	if _, err := r.ReadString(0); err == nil {
		t.Error("the stream goes on")
	}
}

func TestTooManyStreams(t *testing.T) {
	w := start(t, nil)
	addr, _ := w.serve()
	for range maxStreams {
		w.listen(addr, "")
	}
	rec := w.ask("GET", "/api/events", "", nil)
	if text, _ := problem(t, rec); rec.Code != 503 || !strings.Contains(text, "close some") {
		t.Errorf("%d %s", rec.Code, text)
	}
}

// A client that begins a request and does not go on is cut off; the server's
// limits are those of the Server.
func TestServerHasTimeouts(t *testing.T) {
	w := start(t, nil)
	addr, _ := w.serve()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: %s\r\nX: ", addr); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(30 * time.Second))
	b := make([]byte, 512)
	for {
		if _, err = c.Read(b); err != nil {
			break
		}
	}
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		t.Error("a request that never ends is waited for")
	}
}

func TestLogHandler(t *testing.T) {
	f, out := NewFeed(), &bytes.Buffer{}
	log := slog.New(LogHandler(slog.NewTextHandler(out, nil), f)).With("host", "N1").WithGroup("g")
	log.Debug("too quiet")
	log.InfoContext(Published(context.Background()), "an actor's line")
	log.Error("actor was not started", "ref", "a:1", "error", errNo)
	slog.New(LogHandler(slog.NewTextHandler(out, nil), f)).Warn("call refused", "actor", "M1", "call", "c1")
	kept, _, leave := f.Join(0)
	leave()
	if len(kept) != 2 {
		t.Fatalf("%d lines: %+v", len(kept), kept)
	}
	if m := kept[0]; m.Kind != KindHost || m.Level != "error" || m.Text != "actor was not started · host N1 · g.ref a:1 · g.error the host says no" {
		t.Errorf("%+v", m)
	}
	if m := kept[1]; m.From != "M1" || m.Call != "c1" || m.Text != "call refused" {
		t.Errorf("%+v", m)
	}
	if got := out.String(); !strings.Contains(got, "an actor's line") || strings.Count(got, "\n") != 3 {
		t.Errorf("the log itself: %s", got)
	}
}

func TestEventMessage(t *testing.T) {
	for _, tt := range []struct {
		name, data, text, from, level string
	}{
		{"actors_started", `{"public_key":"M1","image_ref":"a:1","count":2,"claims":{"name":"echo"}}`, "echo · a:1 · 2 instances", "M1", "info"},
		{"linkdef_set", `{"actor_id":"M1","provider_id":"V1","contract_id":"c","link_name":"l"}`, "c / l · provider V1", "M1", "info"},
		{"provider_start_failed", `{"provider_ref":"p:1","link_name":"l","error":"no"}`, "p:1 · no", "", "error"},
		{"strange", `[1]`, "", "", "info"},
		{"wrong", `{"count":"two"}`, "", "", "info"},
	} {
		m := EventMessage(&wasmbus.CloudEvent{Type: wasmbus.EventPrefix + tt.name, Source: "N1", Data: json.RawMessage(tt.data), Time: "2026-01-02T03:04:05.000000006Z"})
		if m.Name != tt.name || m.Text != tt.text || m.From != tt.from || m.Level != tt.level || m.Host != "N1" || m.Time.Nanosecond() != 6 {
			t.Errorf("%s: %+v", tt.name, m)
		}
	}
	l := LogMessage(wasmbus.LogLine{Provider: "V1", Level: "warn", Text: "x", Time: "never"})
	if l.From != "V1" || l.Level != "warn" || !l.Time.IsZero() {
		t.Errorf("%+v", l)
	}
}

func TestTraces(t *testing.T) {
	var none *Traces
	ctx, span := none.Begin(context.Background(), Span{Call: "c"})
	span.End(1, nil)
	if ctx != context.Background() || len(none.List()) != 0 {
		t.Error("no traces keep something")
	}
	tr := NewTraces()
	ctx, call := tr.Begin(context.Background(), Span{Call: "c1", Kind: SpanCall, Target: "alias", Operation: "A.B"})
	_, actor := tr.Begin(context.Background(), Span{Call: "c1", Kind: SpanActor, Target: "M1", Name: "echo"}) // over the lattice
	inner, link := tr.Begin(context.WithValue(ctx, parentKey{}, actor.record), Span{Call: "c1", Kind: SpanLink})
	_, provider := tr.Begin(inner, Span{Call: "c1", Kind: SpanProvider})
	provider.End(3, errNo)
	link.End(0, errNo)
	got, ok := tr.Get("c1")
	if !ok || len(got.Spans) != 4 || !got.Running || got.Target != "M1" || got.Name != "echo" || got.Operation != "A.B" {
		t.Fatalf("%+v", got)
	}
	for i, parent := range []int{0, 1, 2, 3} {
		if got.Spans[i].Parent != parent {
			t.Errorf("span %d has the parent %d", i+1, got.Spans[i].Parent)
		}
	}
	if p := got.Spans[3]; p.Running || p.Out != 3 || p.Error != errNo.Error() || !got.Spans[1].Running {
		t.Errorf("%+v", got.Spans)
	}
	actor.End(0, nil)
	call.End(0, nil)
	for i := range maxTraces + 5 {
		_, s := tr.Begin(context.Background(), Span{Call: fmt.Sprint("x", i)})
		defer s.End(0, nil) // after it is gone
	}
	if _, ok := tr.Get("c1"); ok || len(tr.List()) != maxTraces || len(tr.byID) != maxTraces || tr.List()[0].ID != fmt.Sprint("x", maxTraces+4) {
		t.Errorf("%d calls are kept", len(tr.List()))
	}
	for range maxSpans + 7 {
		tr.Begin(context.Background(), Span{Call: "many"})
	}
	if got, _ := tr.Get("many"); len(got.Spans) != maxSpans || got.Dropped != 7 {
		t.Errorf("%d spans, %d dropped", len(got.Spans), got.Dropped)
	}
}
