package core

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

// The registry dies while actors are called: calls go on, a start says what is missing, and works as soon as there is a registry again at that address.
func TestRegistryIsKilledUnderLoad(t *testing.T) {
	w := start(t, func(c *Config) { c.OCI.Transport = nil })
	first := w.push("1", read(t, "probe_s.wasm"))
	second := w.push("2", sign(t, variant(t, read(t, "relay.wasm"), "second"), "second", nil))
	serve := func(at string) (*httptest.Server, string) {
		l, err := net.Listen("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		s := &httptest.Server{Listener: l, Config: &http.Server{Handler: w.registry}}
		s.Start()
		t.Cleanup(s.Close)
		return s, l.Addr().String()
	}
	server, at := serve("127.0.0.1:0")
	there := func(ref string) string { return at + ref[strings.Index(ref, "/"):] }
	w.startRef(there(first))

	ctx, cancel := context.WithCancel(context.Background())
	var load sync.WaitGroup
	var served atomic.Int64
	for range 4 {
		load.Go(func() {
			for ctx.Err() == nil {
				if got, err := w.get(probeKey, "/x"); err != nil || got != "GET /x 0 bytes" {
					t.Errorf("a call while the registry is gone: %q, %v", got, err)
					return
				}
				served.Add(1)
			}
		})
	}
	more := func(when string) {
		before := served.Load()
		testkit.Eventually(t, "calls "+when, func() bool { return served.Load() > before+20 })
	}
	more("with a registry")
	server.CloseClientConnections()
	server.Close()
	if why := w.startFails(there(second)); !strings.Contains(why, "no registry answers at "+at) {
		t.Errorf("the start failed with %q", why)
	}
	more("without a registry")
	serve(at)
	w.startRef(there(second))
	more("with the next registry")
	cancel()
	load.Wait()
	w.stop() // which fails the test if the host does not end well
}
