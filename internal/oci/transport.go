package oci

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote/auth"
)

// call is what one operation learns about its registry while it talks to it.
type call struct {
	ref    Ref
	host   string   // as in URLs
	scope  []string // what it does with the repository: pull, push
	writes bool

	loopback atomic.Bool // the last connection to host ended on this machine
}

type callKey struct{}

// begin starts an operation on ref, with one token for all its actions.
func (c *Client) begin(ctx context.Context, ref Ref, actions ...string) (context.Context, *call) {
	info := &call{ref: ref, host: ref.host(), scope: actions, writes: slices.Contains(actions, auth.ActionPush)}
	if len(actions) > 0 {
		ctx = auth.AppendRepositoryScope(ctx, registry.Reference{Registry: ref.Registry, Repository: ref.Repository}, actions...)
	}
	return context.WithValue(ctx, callKey{}, info), info
}

// wanted says what a registry was asked to allow.
func (c *call) wanted() string {
	if len(c.scope) == 0 {
		return ""
	}
	return "asked for repository:" + c.ref.Repository + ":" + strings.Join(c.scope, ",") + "; "
}

func callFrom(ctx context.Context) *call {
	if info, ok := ctx.Value(callKey{}).(*call); ok {
		return info
	}
	return &call{}
}

// hosts is a set that several goroutines may use; the zero value is empty.
type hosts struct {
	mu sync.Mutex
	in map[string]bool
}

func (h *hosts) add(host string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.in == nil {
		h.in = map[string]bool{}
	}
	h.in[host] = true
}

func (h *hosts) has(host string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.in[host]
}

// router sends each request over the transport that its scheme, its host and
// the secrets in it allow. It sees every hop: redirects, token servers and
// upload locations too, so the rules hold wherever a registry points.
type router struct {
	listed           map[string]bool
	insecure, strict bool
	inProcess        http.RoundTripper // in place of all below, if set

	tls      *http.Transport // HTTPS, through the user's proxy if there is one
	plain    *http.Transport // HTTP to registries the user listed
	loopback *http.Transport // HTTP that is dialled on this machine or not at all

	lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	tell   func(line string) // Config.Explain

	answered  hosts // that have
	speaksTLS hosts // loopback registries found to want TLS
}

func newRouter(cfg Config) *router {
	r := &router{
		listed:    map[string]bool{},
		insecure:  cfg.Insecure,
		strict:    cfg.StrictLoopback,
		inProcess: cfg.Transport,
		tls:       newTransport(),
		plain:     newTransport(),
		loopback:  newTransport(),
		tell:      cfg.Explain,
		lookup: func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		},
	}
	listed := append(strings.Split(cfg.Env("WASMCLOUD_OCI_ALLOWED_INSECURE"), ","), cfg.PlainHTTP...)
	for _, host := range listed {
		if host = strings.ToLower(strings.TrimSpace(host)); host != "" {
			r.listed[host] = true
		}
	}
	// A proxy on this machine would make any registry look like loopback, and
	// would see what plain HTTP carries: it is noted, or not used.
	r.tls.Proxy = http.ProxyFromEnvironment
	r.plain.Proxy = http.ProxyFromEnvironment
	r.tls.OnProxyConnectResponse = proxyAnswered
	r.loopback.DialContext = steady(r.dialLoopback, stallLimit)
	return r
}

func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:         steady((&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext, stallLimit),
		MaxIdleConnsPerHost: 8, // the default of 2 closes connections that parallel uploads want back
		IdleConnTimeout:     60 * time.Second,
		TLSHandshakeTimeout: 15 * time.Second,
		ForceAttemptHTTP2:   true,
		ReadBufferSize:      64 << 10, // blobs are large; the default is 4 KiB
		WriteBufferSize:     256 << 10,
		DisableCompression:  true, // blobs are bytes with a digest; nobody may re-encode them
	}
}

// plainHTTP tells whether requests to host start with http://. For a loopback
// name that is only a first guess: see dialLoopback and wantsTLS.
func (r *router) plainHTTP(host string) bool {
	return r.insecure || r.listed[host] || !r.strict && loopbackName(host)
}

// loopbackName tells whether host claims to be this machine. RFC 6761 gives
// it the whole of .localhost; what it resolves to is checked when dialled.
func loopbackName(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.Trim(name, "[]"))
	if ip, err := netip.ParseAddr(name); err == nil {
		return ip.Unmap().IsLoopback()
	}
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}

// RoundTrip implements http.RoundTripper.
func (r *router) RoundTrip(req *http.Request) (*http.Response, error) {
	info := callFrom(req.Context())
	asked, first := req, req.URL.Host == info.host
	if req.URL.Scheme == "http" && r.speaksTLS.has(req.URL.Host) {
		req = overTLS(req)
	}
	rt, err := r.pick(req, info)
	if err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	if first {
		req = r.watch(req, info)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if wantsTLS(req, resp) {
		resp.Body.Close()
		if !loopbackName(req.URL.Host) {
			return nil, refuse("%s", speaksHTTPS(req.URL.Host))
		}
		r.speaksTLS.add(req.URL.Host)
		return r.RoundTrip(req)
	}
	r.tellChallenge(req, resp)
	r.answered.add(req.URL.Host)
	noteAdvice(req.Context(), resp.Header)
	resp.Request = asked // for oras, which answers challenges of the origin it asked
	return resp, nil
}

// CloseIdleConnections is called by http.Client's method of that name.
func (r *router) CloseIdleConnections() {
	for _, t := range []*http.Transport{r.tls, r.plain, r.loopback} {
		t.CloseIdleConnections()
	}
}

// pick chooses the transport, or refuses.
func (r *router) pick(req *http.Request, info *call) (http.RoundTripper, error) {
	host, secret := req.URL.Host, carriesSecret(req)
	allowed := r.listed[host] || r.insecure && host == info.host
	switch {
	case req.URL.Scheme != "http": // https; http.Transport refuses the rest
		return r.or(r.tls), nil
	case !allowed && r.strict:
		return nil, &plainError{host: host}
	case allowed && !secret:
		return r.or(r.plain), nil
	case r.inProcess != nil && !loopbackName(host):
		return nil, &plainError{host: host, secret: secret && allowed}
	}
	return r.or(secretTransport{r.loopback, secret && allowed}), nil
}

func (r *router) or(network http.RoundTripper) http.RoundTripper {
	if r.inProcess != nil {
		return r.inProcess
	}
	return network
}

// carriesSecret: an Authorization header, or the form in which OAuth2 token
// servers are sent a password or a refresh token.
func carriesSecret(req *http.Request) bool {
	return req.Header.Get("Authorization") != "" ||
		strings.HasPrefix(req.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// secretTransport words the refusal: what was refused was the password.
type secretTransport struct {
	http.RoundTripper
	secret bool
}

func (t secretTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.RoundTripper.RoundTrip(req)
	var refused *plainError
	if errors.As(err, &refused) {
		refused.secret = t.secret
	}
	return resp, err
}

// watch notes whether the connection that req gets ends on this machine.
func (r *router) watch(req *http.Request, info *call) *http.Request {
	if r.inProcess != nil {
		info.loopback.Store(loopbackName(req.URL.Host))
		return req
	}
	proxied := false
	if req.URL.Scheme == "https" || r.listed[req.URL.Host] || r.insecure {
		proxy, err := http.ProxyFromEnvironment(req)
		proxied = proxy != nil || err != nil
	}
	return req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GotConn: func(got httptrace.GotConnInfo) {
			addr, err := netip.ParseAddrPort(got.Conn.RemoteAddr().String())
			info.loopback.Store(err == nil && !proxied && addr.Addr().Unmap().IsLoopback())
		},
	}))
}

// dialLoopback resolves addr and connects to those of its addresses that are
// this machine's own. A name is only a claim: "localhost" may be in a hosts
// file, and any name may change between a check and the connection.
func (r *router) dialLoopback(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	ips, err := r.lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	refused := error(&plainError{host: addr, at: fmt.Sprint(ips)})
	dialer := net.Dialer{Timeout: 15 * time.Second}
	for _, ip := range ips {
		if !ip.Unmap().IsLoopback() {
			continue
		}
		conn, err := dialer.DialContext(ctx, network, net.JoinHostPort(ip.String(), port))
		if err == nil {
			return conn, nil
		}
		refused = err
	}
	return nil, refused
}

// plainError refuses plain HTTP to another machine.
type plainError struct {
	host   string
	at     string // what it resolved to, if it was tried
	secret bool   // plain HTTP is allowed there, credentials are not
}

func (e *plainError) Error() string {
	where := e.host
	if e.at != "" {
		where += " " + e.at
	}
	if e.secret {
		return where + " is not this machine, and credentials are never sent there over plain HTTP: give the registry TLS, or leave the credentials out"
	}
	return where + " may not be spoken to over plain HTTP: " + plainHTTPCure
}

func (e *plainError) Unwrap() error { return ErrRefused }

// checkRedirect follows a registry to its storage, without the credentials:
// net/http keeps them between ports and subdomains, which may be anybody's.
// oras takes them away too, for its own requests; this holds for all.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= 5 {
		return errors.New("more than 5 redirects")
	}
	from := via[0].URL
	if from.Scheme == "https" && req.URL.Scheme != "https" {
		return refuse("a redirect from https to %s on %s is not followed: %s", req.URL.Scheme, req.URL.Host, behindTLS)
	}
	if from.Host != req.URL.Host || from.Scheme != req.URL.Scheme {
		req.Header.Del("Authorization")
		req.Header.Del("Cookie")
	}
	return nil
}
