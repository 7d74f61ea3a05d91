package oci

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// trust adds the authorities of a file to the system's, for registries of a company
// and for proxies that look into what passes. SSL_CERT_FILE, which crypto/x509 reads
// itself on Unix, takes their place instead.
func (r *router) trust(cfg Config) error {
	path := cmp.Or(cfg.CAFile, cfg.Env("WASMCLOUD_CA_FILE"))
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the authorities to trust (--ca-file, WASMCLOUD_CA_FILE): %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a machine without any is one of the reasons to give a file
	}
	if !pool.AppendCertsFromPEM(text) {
		return fmt.Errorf("%s (--ca-file, WASMCLOUD_CA_FILE) holds no certificate: want PEM, with -----BEGIN CERTIFICATE-----", path)
	}
	r.tls.TLSClientConfig = &tls.Config{RootCAs: pool}
	return nil
}

// proxyAnswered words a proxy's refusal to connect, which net/http gives as a bare status.
func proxyAnswered(_ context.Context, proxy *url.URL, connect *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	cure := "see HTTPS_PROXY, and NO_PROXY for registries that need none"
	if resp.StatusCode == http.StatusProxyAuthRequired {
		cure = "HTTPS_PROXY takes its login as http://user:password@host:port"
	}
	return &Error{Text: fmt.Sprintf("the proxy %s answered %d %s when asked for %s: %s",
		proxy.Host, resp.StatusCode, http.StatusText(resp.StatusCode), connect.Host, cure)}
}

// wantsTLS recognises how a TLS port answers plain HTTP: Go's servers (ours, and
// distribution) by a bare HTTP/1.0 400, others by 400 with a page that says it. A body
// that cannot be sent again stays with the error; the first request of every operation
// has none.
func wantsTLS(req *http.Request, resp *http.Response) bool {
	if req.URL.Scheme != "http" || resp.StatusCode != http.StatusBadRequest || req.Body != nil && req.Body != http.NoBody {
		return false
	}
	if resp.ProtoMajor == 1 && resp.ProtoMinor == 0 {
		return true
	}
	start, _ := io.ReadAll(io.LimitReader(resp.Body, 1024))
	resp.Body = &readCloser{io.MultiReader(bytes.NewReader(start), resp.Body), resp.Body}
	text := string(start)
	return strings.Contains(text, "HTTPS port") || strings.Contains(text, "SSL-enabled server port") || strings.Contains(text, "HTTP request to an HTTPS server")
}

type readCloser struct {
	io.Reader
	io.Closer
}

// tellChallenge explains what a registry asks for. Token servers don't ask in this way.
func (r *router) tellChallenge(req *http.Request, resp *http.Response) {
	if r.tell == nil || resp.StatusCode != http.StatusUnauthorized {
		return
	}
	if asks := resp.Header.Get("WWW-Authenticate"); asks != "" {
		r.tell(req.URL.Host + " asks for a login: " + oneLine(asks))
	}
}

func overTLS(req *http.Request) *http.Request {
	u := *req.URL
	u.Scheme = "https"
	req = req.WithContext(req.Context())
	req.URL = &u
	return req
}
