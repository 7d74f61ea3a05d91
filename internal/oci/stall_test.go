package oci

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"
)

// A peer that stops in the middle, its connection open, must not hold a transfer
// for ever: before the answer, or within a blob.
func TestStalledConnectionsEnd(t *testing.T) {
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/half" {
			w.Header().Set("Content-Length", "10")
			io.WriteString(w, "half")
			w.(http.Flusher).Flush()
		}
		<-over
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(over) }) // first: Close waits for the handlers
	transport := &http.Transport{DialContext: steady((&net.Dialer{}).DialContext, 50*time.Millisecond)}
	t.Cleanup(transport.CloseIdleConnections)

	for _, path := range []string{"/silent", "/half"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := transport.RoundTrip(req)
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// What moves, however slowly, is left alone.
func TestSlowConnectionsGoOn(t *testing.T) {
	const limit = 200 * time.Millisecond
	near, far := net.Pipe()
	dial := steady(func(context.Context, string, string) (net.Conn, error) { return near, nil }, limit)
	conn, err := dial(t.Context(), "tcp", "")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go func() {
		tick := time.NewTicker(limit / 4)
		defer tick.Stop()
		for range 8 { // twice the limit in all
			<-tick.C
			far.Write([]byte("x"))
		}
		far.Close()
	}()
	if got, err := io.ReadAll(conn); err != nil || len(got) != 8 {
		t.Errorf("%q, %v", got, err)
	}
}
