package core

import (
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// TestProbe runs every path of the probe actor over NATS.
func TestProbe(t *testing.T) {
	w := start(t, nil)
	ref := w.push("1", read(t, "probe_s.wasm"))
	e := w.startRef(ref)
	if e.PublicKey != probeKey || e.ImageRef != ref || e.Claims.CallAlias != "vector/probe" {
		t.Errorf("event %+v", e)
	}

	answers := map[string]string{
		"/hello":       "GET /hello 0 bytes",
		"/random":      "in-range=true",
		"/log?x":       "logged",
		"/big?10":      "xxxxxxxxxx",
		"/big?3000000": strings.Repeat("x", 3_000_000),
	}
	for path, want := range answers {
		got, err := w.get(probeKey, path)
		if err != nil || got != want {
			t.Errorf("%s: got %.40q (%d bytes) and error %v, want %.40q", path, got, len(got), err, want)
		}
	}
	failures := map[string]string{
		"/error": "probe refuses",
		"/panic": "unreachable",
		"/count": `missing link definition for wasmcloud:keyvalue`,
	}
	for path, want := range failures {
		if _, err := w.get(probeKey, path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want one with %q", path, err, want)
		}
		w.servesOn(path)
	}
}

func (w *world) servesOn(after string) {
	w.t.Helper()
	if got, err := w.get(probeKey, "/after"); err != nil || got != "GET /after 0 bytes" {
		w.t.Errorf("after %s: %q, %v", after, got, err)
	}
}

// An endless call gets an error reply, and that before a caller with the same
// timeout gives up.
func TestEndlessCallIsInterrupted(t *testing.T) {
	w := start(t, func(c *Config) { c.RPCTimeout = 2 * time.Second })
	w.startRef(file(t, read(t, "probe_s.wasm")))
	began := time.Now()
	_, err := w.get(probeKey, "/spin")
	if err == nil || !strings.Contains(err.Error(), "did not answer HttpServer.HandleRequest within 2s") {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took < time.Second {
		t.Errorf("interrupted after %v already", took)
	}
	w.servesOn("/spin")
	for timeout, want := range map[time.Duration]time.Duration{2 * time.Second: 1800 * time.Millisecond, time.Second: 900 * time.Millisecond, time.Minute: 59800 * time.Millisecond} {
		if got := (&Host{cfg: Config{RPCTimeout: timeout}}).budget(); got != want {
			t.Errorf("of %v a call may take %v, want %v", timeout, got, want)
		}
	}
}

func TestLogLinesComeBeforeTheReply(t *testing.T) {
	w := start(t, nil)
	w.startRef(file(t, read(t, "probe_s.wasm")))
	lines := make(chan wasmbus.LogLine, 1)
	stop, err := w.conn.Subscribe(wasmbus.LogSubject("default"), "", func(_, _ string, data []byte) {
		var line wasmbus.LogLine
		if err := wasmbus.DecodeJSON(data, &line); err != nil {
			t.Error(err)
		}
		lines <- line
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if err := w.conn.NATS().Flush(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.get(probeKey, "/log?abc"); err != nil {
		t.Fatal(err)
	}
	line := <-lines
	if line.Actor != probeKey || line.Level != "info" || line.Text != "probe logged abc" || line.Call == "" {
		t.Errorf("%+v", line)
	}
	for _, part := range []string{"probe logged abc", "actor=" + probeKey, `name="Vector probe"`, "call=" + line.Call} {
		if !strings.Contains(w.logs.String(), part) {
			t.Errorf("the host's log does not contain %s", part)
		}
	}
}
