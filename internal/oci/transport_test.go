package oci

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

func TestLoopbackName(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "localhost:5000": true, "registry.localhost:5000": true, "LOCALHOST": true,
		"127.0.0.1": true, "127.1.2.3:80": true, "[::1]:5000": true, "[::1]": true, "[::ffff:127.0.0.1]:1": true,
		"localhost.example.com": false, "127.0.0.1.example.com": false, "notlocalhost": false, "10.0.0.1:5000": false,
		"0.0.0.0:5000": false, "[::]:5000": false, "registry": false, "": false,
	} {
		if got := loopbackName(host); got != want {
			t.Errorf("%q: %v, want %v", host, got, want)
		}
	}
}

func TestWhoGetsPlainHTTP(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		host string
		want bool
	}{
		{Config{}, "localhost:5000", true},
		{Config{}, "registry.example.com", false},
		{Config{}, "10.0.0.1:5000", false}, // a private network is not this machine
		{Config{StrictLoopback: true}, "localhost:5000", false},
		{Config{StrictLoopback: true, PlainHTTP: []string{"localhost:5000"}}, "localhost:5000", true},
		{Config{Env: env("WASMCLOUD_OCI_ALLOWED_INSECURE", "a.io:5000, b.io")}, "a.io:5000", true},
		{Config{Env: env("WASMCLOUD_OCI_ALLOWED_INSECURE", "a.io:5000, b.io")}, "b.io", true},
		{Config{Env: env("WASMCLOUD_OCI_ALLOWED_INSECURE", "a.io:5000, b.io")}, "a.io", false},
		{Config{Env: env("WASMCLOUD_OCI_ALLOWED_INSECURE", "*")}, "a.io", false},
		{Config{Insecure: true}, "a.io", true},
	} {
		if got := New(c.cfg).router.plainHTTP(c.host); got != c.want {
			t.Errorf("%+v %s: %v, want %v", c.cfg, c.host, got, c.want)
		}
	}
}

// TestLoopbackIsJudgedWhenDialled: what a name says counts for nothing.
func TestLoopbackIsJudgedWhenDialled(t *testing.T) {
	f := newFixture(t, registry.Options{}, overNetwork)
	_, port, _ := net.SplitHostPort(serve(t, f))
	ref := mustRef(t, "localhost:"+port+"/echo:1")
	resolveTo := func(ips ...string) {
		f.client.router.lookup = func(context.Context, string) (out []netip.Addr, _ error) {
			for _, ip := range ips {
				out = append(out, netip.MustParseAddr(ip))
			}
			return out, nil
		}
	}
	resolveTo("192.0.2.1")
	_, err := f.client.Push(t.Context(), ref, actor([]byte("x")))
	if !errors.Is(err, ErrRefused) {
		t.Errorf("got %v, want ErrRefused", err)
	}
	wantError(t, err, "192.0.2.1", "may not be spoken to over plain HTTP", "WASMCLOUD_OCI_ALLOWED_INSECURE")
	if len(f.Requests()) != 0 {
		t.Errorf("it was spoken to: %q", f.Lines())
	}
	resolveTo("192.0.2.1", "127.0.0.1") // only the address that is ours is dialled
	if _, err := f.client.Push(t.Context(), ref, actor([]byte("x"))); err != nil {
		t.Error(err)
	}
}

// TestCredentialsOverPlainHTTP leave this machine neither for a listed
// registry nor with --insecure.
func TestCredentialsOverPlainHTTP(t *testing.T) {
	for _, change := range []func(*Config){
		func(c *Config) { c.PlainHTTP = []string{"registry.example.com"} },
		func(c *Config) { c.Insecure = true },
	} {
		for _, bearer := range []bool{false, true} {
			f := newFixture(t, registry.Options{User: "u", Password: "p", Bearer: bearer}, change, login("u", "p"))
			_, err := f.client.Push(t.Context(), mustRef(t, "registry.example.com/echo:1"), actor([]byte("x")))
			if !errors.Is(err, ErrRefused) {
				t.Errorf("got %v, want ErrRefused", err)
			}
			wantError(t, err, "credentials are never sent")
			for _, q := range f.Requests() {
				if q.Authorization != "" {
					t.Errorf("%s %s had %q", q.Method, q.Path, q.Authorization)
				}
			}
		}
		newFixture(t, registry.Options{}, change).push(t, "registry.example.com/echo:1", actor([]byte("x")))
	}
}

// TestListedHostIsDialledForItsCredentials: the same rule on the network,
// where the address decides.
func TestListedHostIsDialledForItsCredentials(t *testing.T) {
	f := newFixture(t, registry.Options{User: "u", Password: "p"}, overNetwork, login("u", "p"), func(c *Config) { c.Insecure = true })
	host := serve(t, f)
	f.push(t, host+"/echo:1", actor([]byte("x"))) // 127.0.0.1: they may go
	f.client.router.lookup = func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
	}
	f.client.Close() // no connection from before
	_, err := f.client.Push(t.Context(), mustRef(t, host+"/echo:1"), actor([]byte("y")))
	wantError(t, err, "credentials are never sent")
}

func TestPlainRegistryOffLoopback(t *testing.T) {
	// In process nothing says "HTTP response to HTTPS client"; on the network
	// a strict client meets it at a loopback registry.
	f := newFixture(t, registry.Options{}, overNetwork, func(c *Config) { c.StrictLoopback = true })
	_, err := f.client.Push(t.Context(), mustRef(t, serve(t, f)+"/echo:1"), actor([]byte("x")))
	wantError(t, err, "speaks plain HTTP", "WASMCLOUD_OCI_ALLOWED_INSECURE")
	if len(f.Requests()) != 0 {
		t.Error("the registry was asked")
	}
}

func TestLoopbackRegistryWithTLS(t *testing.T) {
	f := newFixture(t, registry.Options{User: "u", Password: "p"}, overNetwork, login("u", "p"))
	s := httptest.NewUnstartedServer(f.Registry)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it is told to fail twice
	s.StartTLS()
	t.Cleanup(s.Close)
	t.Cleanup(f.client.Close)
	host := s.Listener.Addr().String()

	_, err := f.client.Push(t.Context(), mustRef(t, host+"/echo:1"), actor([]byte("x")))
	wantError(t, err, "certificate")
	if len(f.clock.naps) != 0 {
		t.Error("a certificate does not get better by waiting")
	}
	f.client.router.tls.TLSClientConfig = &tls.Config{RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	f.push(t, host+"/echo:1", actor(random(100<<10)))
	if got := f.push(t, host+"/echo:1", actor(random(50<<10))); got.Status != StatusMoved {
		t.Errorf("not taken for loopback: %+v", got)
	}
}

// storage is another host that takes and gives blobs and keeps what it saw.
func storage(t *testing.T, behind *registry.Registry) (host string, seen *[]string) {
	t.Helper()
	seen = new([]string)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		*seen = append(*seen, req.Method+" "+req.Header.Get("Authorization"))
		behind.ServeHTTP(w, req)
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://"), seen
}

// TestOtherHostsGetNoCredentials: redirected blobs and upload locations work
// on another host, which is told nothing.
func TestOtherHostsGetNoCredentials(t *testing.T) {
	f := newFixture(t, registry.Options{User: "u", Password: "p"}, overNetwork, login("u", "p"))
	host := serve(t, f)
	open := registry.New(registry.Options{}) // the storage asks for no password
	other, seen := storage(t, open)
	f.push(t, host+"/echo:1", actor([]byte("x")))
	open.Put("echo", []byte("x"))
	f.Inject(registry.Fault{Method: "GET", Path: "/blobs/", Serve: registry.Redirect("http://" + other)})
	if got, err := f.pull(t, host+"/echo:1"); err != nil || string(got) != "x" {
		t.Errorf("redirected: %q %v", got, err)
	}

	big := random(100 << 10)
	f.Inject(registry.Fault{Method: "POST", Path: "/blobs/uploads/", Serve: func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		if req.URL.Query().Has("digest") {
			next.ServeHTTP(w, req)
			return
		}
		resp, err := http.Post("http://"+other+req.URL.Path, "", nil)
		if err != nil {
			t.Error(err)
			return
		}
		resp.Body.Close()
		w.Header().Set("Location", "http://"+other+resp.Header.Get("Location"))
		w.WriteHeader(http.StatusAccepted)
	}})
	f.Put("echo", big) // where the storage's bytes would be seen by the registry
	f.Inject(registry.Fault{Method: "HEAD", Path: "/blobs/", Serve: registry.Answer(404, "")})
	f.push(t, host+"/echo:2", actor(big))
	if open.Blob("echo", digestOf(big)) == nil {
		t.Error("the storage did not get the bytes")
	}
	if len(*seen) < 3 {
		t.Errorf("the storage saw %q", *seen)
	}
	for _, s := range *seen {
		if strings.TrimSpace(s) != strings.Fields(s)[0] {
			t.Errorf("the storage was told %q", s)
		}
	}
}

// TestOtherHostsAskInVain: a storage that asks who is there is told nothing
// either, where a registry points to it.
func TestOtherHostsAskInVain(t *testing.T) {
	f := newFixture(t, registry.Options{User: "u", Password: "p"}, overNetwork, login("u", "p"))
	host := serve(t, f)
	other, seen := storage(t, registry.New(registry.Options{User: "u", Password: "p"}))
	f.push(t, host+"/echo:1", actor([]byte("x")))
	f.Inject(registry.Fault{Method: "GET", Path: "/blobs/", Serve: registry.Redirect("http://" + other)})
	f.Inject(registry.Fault{Method: "POST", Path: "/blobs/uploads/", Serve: registry.Relocate("http://" + other)})
	if _, err := f.pull(t, host+"/echo:1"); !errors.Is(err, ErrDenied) {
		t.Errorf("pull: %v", err)
	}
	if _, err := f.client.Push(t.Context(), mustRef(t, host+"/echo:2"), actor(random(100<<10))); !errors.Is(err, ErrDenied) {
		t.Errorf("push: %v", err)
	}
	if want := []string{"GET ", "PUT "}; strings.Join(*seen, ",") != strings.Join(want, ",") {
		t.Errorf("the storage saw %q, want %q", *seen, want)
	}
}

// TestNoWayDownFromHTTPS: neither a redirect nor an upload location may lead
// from https to http.
func TestNoWayDownFromHTTPS(t *testing.T) {
	f := newFixture(t, registry.Options{})
	const host = "registry.example.com"
	f.push(t, host+"/echo:1", actor([]byte("x")))
	f.Inject(registry.Fault{Method: "GET", Path: "/blobs/", Serve: registry.Redirect("http://localhost:1")})
	_, err := f.pull(t, host+"/echo:1")
	wantError(t, err, "a redirect from https to http")
	f.ClearFaults()
	f.Inject(registry.Fault{Method: "POST", Path: "/blobs/uploads/", Serve: registry.Relocate("http://localhost:1")})
	_, err = f.client.Push(t.Context(), mustRef(t, host+"/echo:2"), actor(random(100<<10)))
	wantError(t, err, "spoken to over https")
}

// TestTokenServers: a realm gets the password over https, on this machine, or
// not at all.
func TestTokenServers(t *testing.T) {
	opts := registry.Options{User: "u", Password: "p", Bearer: true}
	for realm, ok := range map[string]bool{
		"https://auth.example.com/token":    true,
		"http://auth.example.com/token":     false,
		"http://registry.example.com/token": false,
		"ftp://registry.example.com/token":  false,
		"https://169.254.169.254/token":     false,
	} {
		opts.RealmURL = realm
		f := newFixture(t, opts, login("u", "p"))
		_, err := f.client.Push(t.Context(), mustRef(t, "registry.example.com/echo:1"), actor([]byte("x")))
		if (err == nil) != ok {
			t.Errorf("%s: %v", realm, err)
		}
		for _, q := range f.Requests() {
			if !ok && q.Authorization != "" {
				t.Errorf("%s got %q", realm, q.Authorization)
			}
		}
	}
}

func TestRedirectsLoseSecrets(t *testing.T) {
	for to, kept := range map[string]bool{
		"http://localhost:5000/b": true, "http://localhost:5001/b": false, "http://sub.localhost:5000/b": false, "https://localhost:5000/b": false,
	} {
		from := httptest.NewRequest("GET", "http://localhost:5000/a", nil)
		next := httptest.NewRequest("GET", to, nil)
		next.Header.Set("Authorization", "Basic dTpw") // as net/http copied it
		if err := checkRedirect(next, []*http.Request{from}); err != nil {
			t.Errorf("%s: %v", to, err)
		}
		if got := next.Header.Get("Authorization") != ""; got != kept {
			t.Errorf("%s: kept %v, want %v", to, got, kept)
		}
	}
}

func TestRedirectLoop(t *testing.T) {
	f := newFixture(t, registry.Options{}, overNetwork)
	host := serve(t, f)
	f.push(t, host+"/echo:1", actor([]byte("x")))
	f.Inject(registry.Fault{Method: "GET", Path: "/blobs/", Serve: registry.Redirect("http://" + host)})
	_, err := f.pull(t, host+"/echo:1")
	wantError(t, err, "more than 5 redirects")
}

// TestErrorsShowNoURLs: upload URLs carry state, storage URLs signatures.
func TestErrorsShowNoURLs(t *testing.T) {
	f := newFixture(t, registry.Options{}, overNetwork)
	host := serve(t, f)
	f.push(t, host+"/echo:1", actor([]byte("x")))
	f.Inject(registry.Fault{Method: "GET", Path: "/blobs/", Serve: func(w http.ResponseWriter, req *http.Request, _ http.Handler) {
		http.Redirect(w, req, "http://127.0.0.1:1/secret?signature=hidden", http.StatusTemporaryRedirect)
	}})
	_, err := f.pull(t, host+"/echo:1")
	if err == nil || strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "?") {
		t.Errorf("got %v", err)
	}
	f.ClearFaults()
	f.Inject(registry.Fault{Method: "PUT", Path: "/blobs/uploads/", Serve: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"errors":[{"code":"DIGEST_INVALID","message":"no\u001b[31m"}]}`)
	}})
	_, err = f.client.Push(t.Context(), mustRef(t, host+"/echo:2"), actor(random(100<<10)))
	wantError(t, err, "400 Bad Request", "digest invalid", `no\x1b[31m`)
	if strings.Contains(err.Error(), "/v2/") {
		t.Errorf("got %v", err)
	}
}
