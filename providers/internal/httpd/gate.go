package httpd

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/httpserver"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

const (
	// answerTime bounds how long a client may take to read an answer, and a second
	// more for every slowest bytes of it: who reads, however slowly, gets it whole.
	answerTime = time.Minute
	slowest    = 64 << 10
	// maxRequests bounds the requests of one link that are answered at the same time.
	maxRequests = 1024
)

// gate hands requests to an actor.
type gate struct {
	host    *provider.Host
	link    provider.LinkDefinition
	set     settings
	timeout time.Duration
	log     *slog.Logger
	slots   chan struct{}
	large   *lattice.Room // of all links
}

func newGate(h *provider.Host, link provider.LinkDefinition, s settings, large *lattice.Room) *gate {
	g := &gate{
		host: h, link: link, set: s, timeout: h.Timeout(), log: h.Logger().With("actor", link.ActorID),
		slots: make(chan struct{}, maxRequests), large: large,
	}
	if s.TimeoutMS > 0 {
		g.timeout = time.Duration(s.TimeoutMS) * time.Millisecond
	}
	return g
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case g.slots <- struct{}{}:
		defer func() { <-g.slots }()
	default:
		refuse(w, http.StatusServiceUnavailable, "too many requests are being answered")
		return
	}
	if !g.set.CORS.admit(w, r) {
		return
	}
	if g.set.ReadOnly && r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "only GET and HEAD are allowed here")
		return
	}
	if res, ok := g.relay(w, r); ok {
		g.answer(w, r, res) // which may take long, and needs the request's body no more
	}
}

// relay answers for itself when there is no response of the actor.
func (g *gate) relay(w http.ResponseWriter, r *http.Request) (res httpserver.Response, ok bool) {
	body, release, err := g.readBody(w, r)
	defer release()
	if err != nil {
		g.refuseBody(w, err)
		return res, false
	}
	res, err = g.ask(r.Context(), message(r, body))
	if err != nil {
		g.fail(w, r, err)
		return res, false
	}
	return res, true
}

// message has header names in small letters, as wasmCloud's own provider sends them: actors look them up so.
func message(r *http.Request, body []byte) httpserver.Request {
	header := make(map[string][]string, len(r.Header)+1)
	for name, values := range r.Header {
		var kept []string
		for _, v := range values {
			if printable(v) {
				kept = append(kept, v)
			}
		}
		if len(kept) > 0 {
			header[strings.ToLower(name)] = kept
		}
	}
	if r.Host != "" {
		header["host"] = []string{r.Host}
	}
	return httpserver.Request{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Header: header, Body: body}
}

// printable: the contract's strings are text, and opaque bytes have no place in them.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] != '\t' && (s[i] < ' ' || s[i] > '~') {
			return false
		}
	}
	return true
}

func (g *gate) ask(ctx context.Context, req httpserver.Request) (httpserver.Response, error) {
	payload := req.MarshalMsgpack()
	timeout := g.timeout
	if len(payload) > wasmbus.ChunkThreshold {
		timeout += lattice.ChunkTime
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	reply, err := g.host.CallActor(ctx, g.link, httpserver.HandleRequest, payload)
	if err != nil {
		return httpserver.Response{}, err
	}
	var res httpserver.Response
	err = res.UnmarshalMsgpack(reply)
	return res, err
}

// fail tells the client what kind of fault it was; the text is for the log alone, it may say more
// than a stranger should know. The codes are those of wasmCloud's own provider.
func (g *gate) fail(w http.ResponseWriter, r *http.Request, err error) {
	code, text := http.StatusInternalServerError, "the actor failed; the provider's log has its error"
	switch {
	case r.Context().Err() != nil:
		g.log.Debug("the client went away", "path", r.URL.Path)
		return
	case errors.Is(err, provider.ErrNobody):
		code, text = http.StatusServiceUnavailable, "no host runs the actor at the moment"
	case errors.Is(err, context.DeadlineExceeded):
		code, text = http.StatusServiceUnavailable, "the actor did not answer in time"
	}
	g.log.Error("request failed", "method", r.Method, "path", r.URL.Path, "status", code, "error", err)
	refuse(w, code, text)
}

// hurry ends the wait for a client that does not read its answer of n bytes. The
// server takes the deadline back before the connection's next request.
func hurry(w http.ResponseWriter, n int) {
	// Not every connection has deadlines; then the client's patience is the bound.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTime + time.Duration(n/slowest)*time.Second))
}

func refuse(w http.ResponseWriter, code int, text string) {
	hurry(w, len(text))
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, text+"\n") // the client may be gone
}

func (g *gate) answer(w http.ResponseWriter, r *http.Request, res httpserver.Response) {
	header := w.Header()
	header["Content-Type"] = nil // the server would guess one
	if g.set.CacheControl != "" {
		header.Set("Cache-Control", g.set.CacheControl)
	}
	for name, values := range res.Header {
		// The framing of the answer is the server's; it drops names that are none, and line ends.
		if framing(name) {
			continue
		}
		header.Del(name)
		for _, v := range values {
			header.Add(name, v)
		}
	}
	code := int(res.Status)
	if code < 200 || code > 999 {
		g.log.Error("the actor answered with a status that HTTP does not have", "path", r.URL.Path, "status", code)
		code = http.StatusInternalServerError
	}
	if code != http.StatusNoContent && code != http.StatusNotModified {
		header.Set("Content-Length", strconv.Itoa(len(res.Body)))
	}
	hurry(w, len(res.Body))
	w.WriteHeader(code)
	_, _ = w.Write(res.Body) // the client may be gone
}

func framing(name string) bool {
	switch strings.ToLower(name) {
	case "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "trailer", "te", "proxy-connection":
		return true
	}
	return false
}
