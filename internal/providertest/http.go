package providertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/casefile"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// ports gives out free ports by name: {port}, {port2} and so on.
type ports map[string]string

var portName = regexp.MustCompile(`\{port[2-9]?\}`)

// fill replaces the names of ports in a text.
func (p ports) fill(text string) (string, error) {
	var failed error
	out := portName.ReplaceAllStringFunc(text, func(name string) string {
		if p[name] == "" {
			port, err := freePort()
			failed = errors.Join(failed, err)
			p[name] = port
		}
		return p[name]
	})
	return out, failed
}

// freePort finds a port that nobody has. Somebody might take it before the provider
// does; there is no way to hand it over that works in every language.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

// request makes an HTTP request and gives the answer in the form of
// HttpServer.HandleRequest, as msgpack. Nobody listening is not an answer: some
// providers open their port after they call themselves healthy.
func (in *instance) request(ctx context.Context, q *casefile.Request) ([]byte, error) {
	url, err := in.ports.fill(q.URL)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, in.r.cfg.StartTimeout)
	defer cancel()
	for {
		reply, err := once(ctx, q, url)
		if !errors.Is(err, syscall.ECONNREFUSED) {
			return reply, err
		}
		timer := time.NewTimer(askAgain)
		select {
		case <-timer.C:
		case <-in.proc.Done():
			timer.Stop()
			return nil, fmt.Errorf("the provider ended: %s", in.how())
		case <-ctx.Done():
			timer.Stop()
			return nil, fmt.Errorf("nobody listens at %s: %w", url, err)
		}
	}
}

func once(ctx context.Context, q *casefile.Request, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, q.Method, url, strings.NewReader(q.Body))
	if err != nil {
		return nil, err
	}
	for name, values := range q.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	// A redirection is an answer; a proxy of the environment has no part in a test.
	transport := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, wasmbus.MaxMessage))
	if err != nil {
		return nil, err
	}
	out := struct {
		Status int                 `json:"statusCode"`
		Header map[string][]string `json:"header"`
		Body   any                 `json:"body"`
	}{resp.StatusCode, resp.Header, string(body)}
	if !utf8.Valid(body) {
		out.Body = numbers(body)
	}
	text, err := wasmbus.EncodeJSON(out)
	if err != nil {
		return nil, err
	}
	return wasmbus.JSONToMsgpack(bytes.TrimSpace(text))
}

// numbers is how JSON writes bytes that are no text.
func numbers(b []byte) []int {
	out := make([]int, len(b))
	for i, c := range b {
		out[i] = int(c)
	}
	return out
}
