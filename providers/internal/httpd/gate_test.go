package httpd

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/httpserver"
)

// oneConn is a listener to which one client has come.
type oneConn struct {
	conns chan net.Conn
	addr  net.Addr
}

func (l oneConn) Accept() (net.Conn, error) {
	if c, ok := <-l.conns; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (l oneConn) Close() error   { close(l.conns); return nil }
func (l oneConn) Addr() net.Addr { return l.addr }

// TestClientsThatDoNotRead: who asks and reads nothing holds a slot and a connection for as long
// as the answer's size allows, by a clock of the test's own, and is then cut off.
func TestClientsThatDoNotRead(t *testing.T) {
	const large = 3 << 20
	for name, c := range map[string]struct {
		request string
		allowed time.Duration
	}{
		"large answer": {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", answerTime + large/slowest*time.Second},
		"refusal":      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", answerTime},
		"other origins": {"OPTIONS / HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\nAccess-Control-Request-Method: GET\r\n\r\n",
			answerTime},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, conn := net.Pipe() // which keeps nothing: the first byte waits for the reader
				set, err := readSettings(nil)
				if err != nil {
					t.Fatal(err)
				}
				set.ReadOnly = true
				g := &gate{set: set, log: slog.New(slog.DiscardHandler), slots: make(chan struct{}, 1)}
				server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodGet { // as from an actor, which would take a lattice
						g.answer(w, r, httpserver.Response{Status: 200, Body: make([]byte, large)})
						return
					}
					g.ServeHTTP(w, r)
				})}
				l := oneConn{make(chan net.Conn, 1), conn.LocalAddr()}
				l.conns <- conn
				go func() { _ = server.Serve(l) }()
				defer server.Close()
				begin, gone := time.Now(), make(chan time.Time, 1)
				go func() {
					_, _ = io.WriteString(client, c.request)
					for { // what the server does not take after its end
						if _, err := io.WriteString(client, " "); err != nil {
							gone <- time.Now()
							return
						}
					}
				}()
				select {
				case at := <-gone:
					if took := at.Sub(begin); took != c.allowed {
						t.Errorf("cut off after %s, want %s", took, c.allowed)
					}
				case <-time.After(time.Hour):
					t.Error("it is waited for")
				}
				client.Close()
			})
		})
	}
}
