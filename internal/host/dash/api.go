package dash

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// Bounds of the API's inputs.
const (
	maxBody      = 16 << 20 // bytes of a JSON body; payloads of calls are in it
	maxInstances = 500      // of one actor, as a check of typing errors; hosts have their own
)

// commandTime is what a command may take: a fetch over a slow line, mostly.
const commandTime = 45 * time.Second

// routes are the page and the API. docs/dashboard.md has the table of the latter.
func (s *Server) routes() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /{$}", s.page)
	m.Handle("GET /assets/", assetHandler())

	m.HandleFunc("GET /api/host", s.host)
	m.HandleFunc("GET /api/lattice", s.lattice)
	m.HandleFunc("GET /api/hosts", s.part(func(l Lattice) any { return l.Hosts }))
	m.HandleFunc("GET /api/actors", s.part(func(l Lattice) any { return actorsOf(l) }))
	m.HandleFunc("GET /api/providers", s.part(func(l Lattice) any { return providersOf(l) }))
	m.HandleFunc("GET /api/links", s.part(func(l Lattice) any { return l.Links }))
	m.HandleFunc("GET /api/claims", s.part(func(l Lattice) any { return l.Claims }))
	m.HandleFunc("GET /api/events", s.events)

	m.HandleFunc("GET /api/uploads", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, s.uploads.all()) })
	m.HandleFunc("POST /api/uploads", s.upload)
	m.HandleFunc("DELETE /api/uploads/{id}", s.dropUpload)

	m.HandleFunc("POST /api/actors", command(s.startActor))
	m.HandleFunc("POST /api/actors/{key}/scale", command(s.scaleActor))
	m.HandleFunc("POST /api/actors/{key}/update", command(s.updateActor))
	m.HandleFunc("DELETE /api/actors/{key}", command(s.stopActor))
	m.HandleFunc("POST /api/providers", command(s.startProvider))
	m.HandleFunc("DELETE /api/providers/{key}", command(s.stopProvider))
	m.HandleFunc("PUT /api/links", command(s.putLink))
	m.HandleFunc("DELETE /api/links", command(s.deleteLink))

	m.HandleFunc("POST /api/calls", command(s.call))
	m.HandleFunc("GET /api/calls", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, s.cfg.Traces.List()) })
	m.HandleFunc("GET /api/calls/{id}", s.trace)
	m.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		fail(w, http.StatusNotFound, fmt.Sprintf("there is no %s %s: see docs/dashboard.md for what there is", r.Method, clip(r.URL.Path, 80)))
	})
	return m
}

// answer writes JSON. The body is made first, so that a value without JSON is an
// error that can still be told.
func answer(w http.ResponseWriter, status int, v any) {
	b, err := wasmbus.EncodeJSON(v)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(`{"error":"the answer has no JSON form"}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // the client may be gone
}

func fail(w http.ResponseWriter, status int, text string) {
	answer(w, status, map[string]string{"error": text})
}

// badRequest is an error in what was asked for.
type badRequest struct{ text string }

func (e *badRequest) Error() string { return e.text }

func bad(format string, args ...any) error { return &badRequest{fmt.Sprintf(format, args...)} }

// command is a handler that does something: it reads a JSON body (or none) into
// In, and answers with what do returns. Refusals of the host are 409: the request
// was understood, and the lattice's state is against it.
func command[In any](do func(ctx context.Context, r *http.Request, in In) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in In
		if err := decode(w, r, &in); err != nil {
			fail(w, http.StatusBadRequest, err.Error())
			return
		}
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(commandTime + requestTime)) // a recorder in tests has none
		ctx, cancel := context.WithTimeout(r.Context(), commandTime)
		defer cancel()
		out, err := do(ctx, r, in)
		var wrong *badRequest
		switch {
		case errors.As(err, &wrong):
			fail(w, http.StatusBadRequest, err.Error())
		case errors.Is(err, context.DeadlineExceeded):
			fail(w, http.StatusGatewayTimeout, err.Error())
		case err != nil:
			fail(w, http.StatusConflict, err.Error())
		default:
			answer(w, http.StatusOK, out)
		}
	}
}

// decode reads a JSON body. Unknown members are an error: a typing error must not
// become a default.
func decode(w http.ResponseWriter, r *http.Request, into any) error {
	body := http.MaxBytesReader(w, r.Body, maxBody)
	if r.Method == http.MethodDelete {
		_, err := io.Copy(io.Discard, body)
		return err
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return errors.New("the body must be JSON, with Content-Type: application/json")
	}
	dec := json.NewDecoder(body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("the body is not what is wanted here: %w", err)
	}
	if dec.More() {
		return errors.New("something follows the JSON value in the body")
	}
	return nil
}

func (s *Server) host(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, s.cfg.Host.Describe())
}

func (s *Server) lattice(w http.ResponseWriter, r *http.Request) {
	answer(w, http.StatusOK, s.cfg.Host.Lattice(r.Context()))
}

func (s *Server) part(of func(Lattice) any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, of(s.cfg.Host.Lattice(r.Context())))
	}
}

// placed is something that runs, and where.
type placed[T any] struct {
	Host string `json:"host_id"`
	What T      `json:"-"`
}

// MarshalJSON writes the members of both on one level.
func (p placed[T]) MarshalJSON() ([]byte, error) {
	inner, err := wasmbus.EncodeJSON(p.What)
	if err != nil {
		return nil, err
	}
	host, err := wasmbus.EncodeJSON(p.Host)
	if err != nil {
		return nil, err
	}
	return append([]byte(`{"host_id":`+string(host)+`,`), strings.TrimPrefix(string(inner), "{")...), nil
}

func actorsOf(l Lattice) []placed[wasmbus.ActorDescription] {
	out := []placed[wasmbus.ActorDescription]{}
	for _, h := range l.Hosts {
		for _, a := range h.Actors {
			out = append(out, placed[wasmbus.ActorDescription]{h.ID, a})
		}
	}
	return out
}

func providersOf(l Lattice) []placed[wasmbus.ProviderDescription] {
	out := []placed[wasmbus.ProviderDescription]{}
	for _, h := range l.Hosts {
		for _, p := range h.Providers {
			out = append(out, placed[wasmbus.ProviderDescription]{h.ID, p})
		}
	}
	return out
}

func (s *Server) dropUpload(w http.ResponseWriter, r *http.Request) {
	if !s.uploads.remove(r.PathValue("id")) {
		fail(w, http.StatusNotFound, "there is no such upload any more")
		return
	}
	answer(w, http.StatusOK, done{})
}

func (s *Server) trace(w http.ResponseWriter, r *http.Request) {
	t, ok := s.cfg.Traces.Get(r.PathValue("id"))
	if !ok {
		fail(w, http.StatusNotFound, fmt.Sprintf("this host keeps its last %d calls, and this is none of them", maxTraces))
		return
	}
	answer(w, http.StatusOK, t)
}
