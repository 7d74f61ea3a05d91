package oci

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

// answering serves a fixed text to whatever connects, and hangs up.
func answering(t *testing.T, text string) (host string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			conn.Read(make([]byte, 4096))
			io.WriteString(conn, text)
			conn.Close()
		}
	}()
	t.Cleanup(func() { ln.Close(); <-done })
	return ln.Addr().String()
}

// TestWrongScheme: each way of meeting the other protocol names what to change.
func TestWrongScheme(t *testing.T) {
	plain := func(c *Config) { overNetwork(c); c.Insecure = true }
	for name, text := range map[string]string{
		"a TLS alert": "\x15\x03\x01\x00\x02\x02\x16",
		"nginx":       "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<center>The plain HTTP request was sent to HTTPS port</center>",
		"Apache":      "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nReason: You're speaking plain HTTP to an SSL-enabled server port.",
		"Go":          "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, registry.Options{}, plain)
			to := toAddress(f, answering(t, text)) // not loopback, where HTTPS is tried by itself
			wantError(t, f.client.Ping(t.Context(), to), "registry "+to, "was spoken to over plain HTTP", "leave --insecure out", "WASMCLOUD_OCI_ALLOWED_INSECURE")
		})
	}
	f := newFixture(t, registry.Options{}, overNetwork)
	to := toAddress(f, answering(t, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"))
	wantError(t, f.client.Ping(t.Context(), to), "registry "+to+" speaks plain HTTP, and HTTPS is wanted", "--insecure", "--allow-insecure")
}

// toAddress leads a name to a server of the test.
func toAddress(f *fixture, address string) string {
	dial := (&net.Dialer{}).DialContext
	for _, transport := range []*http.Transport{f.client.router.tls, f.client.router.plain} {
		transport.Proxy = nil
		transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) { return dial(ctx, network, address) }
	}
	return "registry.example.com"
}

// TestAuthorities: a registry with a certificate of its own authority.
func TestAuthorities(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile, _ := testkit.Certificate(t, dir)
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(registry.New(registry.Options{}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes fail on purpose
	s.StartTLS()
	t.Cleanup(s.Close)
	host := s.Listener.Addr().String()
	empty := filepath.Join(dir, "empty.pem")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*Config)
		want   string // "" = it works
	}{
		"none":        {func(*Config) {}, "signed by an authority that this machine does not trust: name the authority's certificate (PEM) by --ca-file or WASMCLOUD_CA_FILE"},
		"a flag":      {func(c *Config) { c.CAFile = certFile }, ""},
		"environment": {func(c *Config) { c.Env = env("WASMCLOUD_CA_FILE", certFile) }, ""},
		"the flag wins": {func(c *Config) {
			c.CAFile, c.Env = certFile, env("WASMCLOUD_CA_FILE", empty)
		}, ""},
		"no certificate": {func(c *Config) { c.CAFile = empty }, "holds no certificate: want PEM"},
		"no file":        {func(c *Config) { c.CAFile = empty + "x" }, "reading the authorities to trust"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, registry.Options{}, overNetwork, c.change)
			t.Cleanup(f.client.Close)
			err := f.client.Ping(t.Context(), host)
			if c.want != "" {
				wantError(t, err, c.want)
			} else if err != nil {
				t.Error(err)
			}
			if len(f.clock.naps) > 0 {
				t.Errorf("waited %v", f.clock.naps)
			}
		})
	}
}

// TestNamesAndTimes that lead nowhere.
func TestNamesAndTimes(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"unknown host": {&net.DNSError{Err: "no such host", Name: "registry.example.com", IsNotFound: true}, "there is no host named registry.example.com"},
		"silence":      {&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, "does not answer in time"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, registry.Options{}, overNetwork)
			f.client.router.tls.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, c.err }
			f.client.router.tls.Proxy = nil
			err := f.client.Ping(t.Context(), "registry.example.com")
			wantError(t, err, c.want, "HTTPS_PROXY")
			if strings.Contains(err.Error(), "/v2/") {
				t.Errorf("an address shows in %v", err)
			}
		})
	}
}
