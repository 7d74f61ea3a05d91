package httpd

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/providerbed"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/httpserver"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bed is a provider with one linked actor, which answers by handle.
type bed struct {
	*providerbed.Bed
	t      *testing.T
	p      *Provider
	url    string
	client *http.Client
}

type handler func(req httpserver.Request) (httpserver.Response, error)

// start links an actor by values, to a free port unless they say otherwise.
func start(t *testing.T, values map[string]string, handle handler) *bed {
	t.Helper()
	all := map[string]string{"port": "0"}
	for k, v := range values {
		all[k] = v
	}
	p := New()
	b := &bed{t: t, p: p, Bed: providerbed.Start(t, p, providerbed.Setup{
		Contract: httpserver.Contract,
		Links:    []provider.LinkDefinition{providerbed.Link(httpserver.Contract, providerbed.Actor(0), all)},
	})}
	b.url = "http://" + p.Address(providerbed.Actor(0))
	if handle != nil {
		b.serve(providerbed.Actor(0), handle)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	b.client = &http.Client{Transport: transport, Timeout: providerbed.Patience}
	return b
}

func (b *bed) serve(actor string, handle handler) {
	b.ServeActor(actor, func(op string, msg []byte) ([]byte, error) {
		if op != httpserver.HandleRequest {
			b.t.Errorf("the actor was asked for %s", op)
		}
		var req httpserver.Request
		if err := req.UnmarshalMsgpack(msg); err != nil {
			return nil, err
		}
		res, err := handle(req)
		if res.Status == 0 {
			res.Status = 200
		}
		return res.MarshalMsgpack(), err
	})
}

func text(s string) handler {
	return func(httpserver.Request) (httpserver.Response, error) {
		return httpserver.Response{Body: []byte(s)}, nil
	}
}

// do gives the answer with its whole body.
func (b *bed) do(method, path, body string, header ...string) (*http.Response, string) {
	b.t.Helper()
	req, err := http.NewRequest(method, b.url+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	res, err := b.client.Do(req)
	if err != nil {
		b.t.Fatalf("%v\n%s", err, b.Log)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return res, string(got)
}

func TestRequestsReachTheActorWhole(t *testing.T) {
	var got httpserver.Request
	b := start(t, nil, func(req httpserver.Request) (httpserver.Response, error) {
		got = req
		return httpserver.Response{Status: 201, Body: []byte("made"), Header: map[string][]string{
			"x-two": {"a", "b"}, "Content-Type": {"text/x"}, "content-length": {"99"}, "Transfer-Encoding": {"chunked"}, "bad name": {"x"}, "x-split": {"a\r\nx-evil: 1"},
		}}, nil
	})
	res, body := b.do("POST", "/a%2Fb/%C3%A4?q=1&q=%20x&", "hello", "X-Multi", "1", "X-Multi", "2", "X-Bytes", "\xff", "User-Agent", "test")
	want := httpserver.Request{Method: "POST", Path: "/a%2Fb/%C3%A4", Query: "q=1&q=%20x&", Body: []byte("hello"), Header: map[string][]string{
		"x-multi": {"1", "2"}, "user-agent": {"test"}, "content-length": {"5"}, "accept-encoding": {"gzip"}, "host": {strings.TrimPrefix(b.url, "http://")},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if res.StatusCode != 201 || body != "made" || res.ContentLength != 4 {
		t.Errorf("got %d %q, length %d", res.StatusCode, body, res.ContentLength)
	}
	res.Header.Del("Date")
	wantHeader := http.Header{"X-Two": {"a", "b"}, "Content-Type": {"text/x"}, "Content-Length": {"4"}, "X-Split": {"a  x-evil: 1"}}
	if diff := cmp.Diff(wantHeader, res.Header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
}

func TestMethodsAndStatuses(t *testing.T) {
	b := start(t, nil, func(req httpserver.Request) (httpserver.Response, error) {
		switch req.Path {
		case "/204":
			return httpserver.Response{Status: 204, Body: []byte("not sent")}, nil
		case "/101":
			return httpserver.Response{Status: 101}, nil
		case "/5000":
			return httpserver.Response{Status: 5000}, nil
		case "/error":
			return httpserver.Response{}, errors.New("secret of the actor")
		}
		return httpserver.Response{Body: []byte("body")}, nil
	})
	for _, tt := range []struct {
		method, path string
		code         int
		body         string
	}{
		{"GET", "/", 200, "body"}, {"HEAD", "/", 200, ""}, {"DELETE", "/", 200, "body"}, {"PROPFIND", "/", 200, "body"}, {"OPTIONS", "/", 200, "body"},
		{"GET", "/204", 204, ""}, {"GET", "/101", 500, ""}, {"GET", "/5000", 500, ""},
		{"GET", "/error", 500, "the actor failed; the provider's log has its error\n"},
	} {
		res, body := b.do(tt.method, tt.path, "")
		if res.StatusCode != tt.code || body != tt.body {
			t.Errorf("%s %s: %d %q, want %d %q", tt.method, tt.path, res.StatusCode, body, tt.code, tt.body)
		}
	}
	if res, _ := b.do("GET", "/", ""); res.Header.Get("Content-Type") != "" {
		t.Errorf("a content type was guessed: %s", res.Header.Get("Content-Type"))
	}
	if !strings.Contains(b.Log.String(), "secret of the actor") {
		t.Error("the log does not have the actor's error")
	}
}

func TestLargeBodies(t *testing.T) {
	b := start(t, map[string]string{"max_content_len": "3m"}, func(req httpserver.Request) (httpserver.Response, error) {
		return httpserver.Response{Body: req.Body}, nil
	})
	large := strings.Repeat("x", 2_000_000)
	if res, body := b.do("POST", "/", large); res.StatusCode != 200 || body != large {
		t.Errorf("got %d with %d bytes", res.StatusCode, len(body))
	}
	// The server answers before the body has come, and closes: the client may see either.
	refused := func(body io.Reader) {
		t.Helper()
		req, err := http.NewRequest("POST", b.url, body)
		if err != nil {
			t.Fatal(err)
		}
		res, err := b.client.Do(req)
		if err != nil {
			return
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("got %d", res.StatusCode)
		}
	}
	refused(strings.NewReader(strings.Repeat("x", 3<<20+1)))
	refused(io.MultiReader(strings.NewReader(strings.Repeat("x", 3<<20)), strings.NewReader("y"))) // without a length
	// A client that asks first is told without sending.
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", 3<<20+1)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("got %v, %v", res, err)
	}
}

func TestSilenceAndAbsence(t *testing.T) {
	b := start(t, map[string]string{"timeout_ms": "50"}, nil)
	if res, body := b.do("GET", "/", ""); res.StatusCode != 503 || !strings.Contains(body, "no host runs the actor") {
		t.Errorf("nobody: %d %q", res.StatusCode, body)
	}
	release := make(chan struct{})
	defer close(release)
	b.serve(providerbed.Actor(0), func(httpserver.Request) (httpserver.Response, error) {
		<-release
		return httpserver.Response{}, nil
	})
	if res, body := b.do("GET", "/", ""); res.StatusCode != 503 || !strings.Contains(body, "did not answer in time") {
		t.Errorf("silence: %d %q", res.StatusCode, body)
	}
}

func TestEachActorHasItsListener(t *testing.T) {
	b := start(t, nil, text("first"))
	second := providerbed.Actor(1)
	b.serve(second, text("second"))
	link := providerbed.Link(httpserver.Contract, second, map[string]string{"ADDRESS": "127.0.0.1:0"})
	b.Publish(b.Subject(".linkdefs.put"), link.Marshal())
	providerbed.Eventually(t, "the second listens", func() bool { return b.p.Address(second) != "" })
	if _, body := b.do("GET", "/", ""); body != "first" {
		t.Errorf("got %q", body)
	}
	b.url = "http://" + b.p.Address(second)
	if _, body := b.do("GET", "/", ""); body != "second" {
		t.Errorf("got %q", body)
	}
	b.Publish(b.Subject(".linkdefs.del"), link.Marshal())
	providerbed.Eventually(t, "nobody listens", func() bool {
		conn, err := net.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
}

func TestATakenPortIsSaid(t *testing.T) {
	b := start(t, nil, text("first"))
	taken := strings.TrimPrefix(b.url, "http://")
	second := providerbed.Link(httpserver.Contract, providerbed.Actor(1), map[string]string{"address": taken})
	b.Publish(b.Subject(".linkdefs.put"), second.Marshal())
	providerbed.Eventually(t, "the health check says it", func() bool {
		h := b.Health()
		return !h.Healthy && strings.Contains(h.Message, taken+" is taken") && strings.Contains(h.Message, providerbed.Actor(1))
	})
	if _, body := b.do("GET", "/", ""); body != "first" {
		t.Errorf("the first one's listener answers %q", body)
	}
	b.Publish(b.Subject(".linkdefs.del"), second.Marshal())
	providerbed.Eventually(t, "health again", func() bool { return b.Health().Healthy })
}

// A request that is being answered when its link goes gets its answer; a new one finds nobody.
func TestUnlinkDrains(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	b := start(t, nil, func(httpserver.Request) (httpserver.Response, error) {
		close(entered)
		<-leave
		return httpserver.Response{Body: []byte("late")}, nil
	})
	answer := make(chan string, 1)
	go func() {
		_, body := b.do("GET", "/", "")
		answer <- body
	}()
	<-entered
	b.Publish(b.Subject(".linkdefs.del"), b.Data.LinkDefinitions[0].Marshal())
	providerbed.Eventually(t, "nobody listens", func() bool {
		conn, err := net.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	close(leave)
	if got := <-answer; got != "late" {
		t.Errorf("got %q", got)
	}
}

func TestAShutdownIsNotHeldUp(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	b := start(t, nil, func(httpserver.Request) (httpserver.Response, error) {
		close(entered)
		<-release
		return httpserver.Response{}, nil
	})
	defer close(release)
	go func() {
		res, err := b.client.Get(b.url) // cut off
		if err == nil {
			res.Body.Close()
		}
	}()
	<-entered
	begin := time.Now()
	if err := b.Stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took > drainTime {
		t.Errorf("it took %s", took)
	}
	if !strings.Contains(b.Log.String(), "cut off") {
		t.Errorf("the log does not say it:\n%s", b.Log)
	}
}

func TestManyRequestsAtOnce(t *testing.T) {
	b := start(t, nil, func(req httpserver.Request) (httpserver.Response, error) {
		return httpserver.Response{Body: []byte(req.Path)}, nil
	})
	results := make(chan error, 64)
	for i := range cap(results) {
		go func() {
			path := fmt.Sprint("/", i)
			res, err := b.client.Get(b.url + path)
			if err != nil {
				results <- err
				return
			}
			defer res.Body.Close()
			if got, err := io.ReadAll(res.Body); err != nil || string(got) != path {
				results <- fmt.Errorf("%s: %q, %v", path, got, err)
				return
			}
			results <- nil
		}()
	}
	for range cap(results) {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

func TestHostileRequests(t *testing.T) {
	b := start(t, nil, text("x"))
	for _, tt := range []struct {
		name, raw string
		codes     []int
	}{
		{"no HTTP", "hello\r\n\r\n", []int{400}},
		{"two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", []int{400}},
		{"bad chunk", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", []int{400}},
		{"huge header", "GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 100<<10) + "\r\n\r\n", []int{431}},
		{"bytes in the path", "GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n", []int{200, 400}},
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(conn, bytes.NewBufferString(tt.raw)) }()
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		conn.Close()
		if err != nil || !slices.Contains(tt.codes, res.StatusCode) {
			t.Errorf("%s: %v, %v", tt.name, res, err)
		}
	}
	if _, err := b.Call(providerbed.Actor(0), "HttpServer.HandleRequest", nil); err == nil || !strings.Contains(err.Error(), "unknown operation") {
		t.Errorf("a call to the provider: %v", err)
	}
}
