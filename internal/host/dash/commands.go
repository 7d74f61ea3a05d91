package dash

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// done is the answer of a command that has nothing to tell but that it worked.
type done struct{}

type nothing struct{}

// artifactChoice names what to start: an OCI reference, or an upload by its id.
type artifactChoice struct {
	Ref    string `json:"ref"`
	Upload string `json:"upload"`
}

func (s *Server) chosen(c artifactChoice) (string, error) {
	ref, err := s.reference(c.Ref, c.Upload)
	if err != nil {
		return "", bad("%v", err)
	}
	return ref, nil
}

func checkCount(n, least int) error {
	if n < least || n > maxInstances {
		return bad("count is %d: want %d to %d", n, least, maxInstances)
	}
	return nil
}

type startActorBody struct {
	artifactChoice
	Host        string            `json:"host_id"`
	Count       *int              `json:"count"` // absent = 1
	Annotations map[string]string `json:"annotations"`
}

func (s *Server) startActor(ctx context.Context, _ *http.Request, in startActorBody) (any, error) {
	ref, err := s.chosen(in.artifactChoice)
	if err != nil {
		return nil, err
	}
	count := 1
	if in.Count != nil {
		count = *in.Count
	}
	if err := checkCount(count, 1); err != nil {
		return nil, err
	}
	return s.cfg.Host.StartActor(ctx, StartActor{Host: in.Host, Ref: ref, Count: count, Annotations: in.Annotations})
}

type scaleBody struct {
	Host  string `json:"host_id"`
	Ref   string `json:"ref"` // needed only when no instance runs
	Count *int   `json:"count"`
}

func (s *Server) scaleActor(ctx context.Context, r *http.Request, in scaleBody) (any, error) {
	if in.Count == nil {
		return nil, bad("count is missing: want the number of instances that are to run, 0 to %d", maxInstances)
	}
	if err := checkCount(*in.Count, 0); err != nil {
		return nil, err
	}
	return done{}, s.cfg.Host.ScaleActor(ctx, in.Host, r.PathValue("key"), in.Ref, *in.Count)
}

type updateBody struct {
	artifactChoice
	Host string `json:"host_id"`
}

func (s *Server) updateActor(ctx context.Context, r *http.Request, in updateBody) (any, error) {
	ref, err := s.chosen(in.artifactChoice)
	if err != nil {
		return nil, err
	}
	return done{}, s.cfg.Host.UpdateActor(ctx, in.Host, r.PathValue("key"), ref)
}

func (s *Server) stopActor(ctx context.Context, r *http.Request, _ nothing) (any, error) {
	return done{}, s.cfg.Host.StopActor(ctx, r.URL.Query().Get("host_id"), r.PathValue("key"))
}

type startProviderBody struct {
	artifactChoice
	Host          string            `json:"host_id"`
	Link          string            `json:"link_name"`     // "" = default
	Configuration string            `json:"configuration"` // for the provider, in its own form
	Annotations   map[string]string `json:"annotations"`
}

func (s *Server) startProvider(ctx context.Context, _ *http.Request, in startProviderBody) (any, error) {
	ref, err := s.chosen(in.artifactChoice)
	if err != nil {
		return nil, err
	}
	link, err := linkName(in.Link)
	if err != nil {
		return nil, err
	}
	return s.cfg.Host.StartProvider(ctx, StartProvider{
		Host: in.Host, Ref: ref, Link: link, Configuration: in.Configuration, Annotations: in.Annotations,
	})
}

// linkName: it becomes a part of NATS subjects.
func linkName(given string) (string, error) {
	name := cmp.Or(strings.TrimSpace(given), "default")
	if strings.ContainsAny(name, ".*> \t\r\n") || len(name) > 100 {
		return "", bad("link_name %q: it may hold no dot, star, > or space", clip(name, 100))
	}
	return name, nil
}

func (s *Server) stopProvider(ctx context.Context, r *http.Request, _ nothing) (any, error) {
	q := r.URL.Query()
	link, err := linkName(q.Get("link_name"))
	if err != nil {
		return nil, err
	}
	return done{}, s.cfg.Host.StopProvider(ctx, q.Get("host_id"), r.PathValue("key"), q.Get("contract_id"), link)
}

func (s *Server) putLink(ctx context.Context, _ *http.Request, in wasmbus.LinkDefinition) (any, error) {
	link, err := linkName(in.LinkName)
	if err != nil {
		return nil, err
	}
	in.LinkName = link
	if in.Values == nil {
		in.Values = map[string]string{}
	}
	return done{}, s.cfg.Host.PutLink(ctx, in)
}

func (s *Server) deleteLink(ctx context.Context, r *http.Request, _ nothing) (any, error) {
	q := r.URL.Query()
	if q.Get("actor_id") == "" || q.Get("contract_id") == "" {
		return nil, bad("want the parameters actor_id, contract_id and link_name")
	}
	return done{}, s.cfg.Host.DeleteLink(ctx, q.Get("actor_id"), q.Get("contract_id"), cmp.Or(q.Get("link_name"), "default"))
}

type callBody struct {
	Target    string          `json:"target"` // M… key or call alias
	Operation string          `json:"operation"`
	Payload   json.RawMessage `json:"payload"` // absent = no argument
	TimeoutMS int             `json:"timeout_ms"`
}

// callResult tells how a call went. An actor's own error is no failure of the
// request: it is what was asked for.
type callResult struct {
	ID       string          `json:"id"`
	OK       bool            `json:"ok"`
	Error    string          `json:"error,omitempty"`
	Reply    json.RawMessage `json:"reply,omitempty"`      // decoded
	Text     string          `json:"reply_text,omitempty"` // when it could not be decoded
	Bytes    int             `json:"reply_bytes"`
	TookUS   float64         `json:"took_us"` // as the caller waited
	TimedOut bool            `json:"timed_out,omitempty"`
	Trace    *Trace          `json:"trace,omitempty"`
}

var operationForm = regexp.MustCompile(`^[\x21-\x7e]{1,200}$`)

func (s *Server) call(ctx context.Context, _ *http.Request, in callBody) (any, error) {
	in.Target, in.Operation = strings.TrimSpace(in.Target), strings.TrimSpace(in.Operation)
	switch {
	case in.Target == "":
		return nil, bad("target is missing: want an actor's key (M…) or call alias")
	case !operationForm.MatchString(in.Operation):
		return nil, bad("operation %q: want Interface.Method, such as HttpServer.HandleRequest", clip(in.Operation, 80))
	case in.TimeoutMS < 0 || in.TimeoutMS > int(commandTime/time.Millisecond):
		return nil, bad("timeout_ms is %d: want at most %d", in.TimeoutMS, commandTime/time.Millisecond)
	}
	var payload []byte
	if len(in.Payload) > 0 {
		var err error
		if payload, err = wasmbus.JSONToMsgpack(in.Payload); err != nil {
			return nil, bad("payload: %v", err)
		}
	}
	c := Call{
		ID: wasmbus.NewUUID(), Target: in.Target, Operation: in.Operation, Payload: payload,
		Timeout: time.Duration(in.TimeoutMS) * time.Millisecond,
	}
	ctx, span := s.cfg.Traces.Begin(ctx, Span{Call: c.ID, Kind: SpanCall, Target: c.Target, Name: "dashboard", Operation: c.Operation, In: len(payload)})
	began := time.Now()
	reply, err := s.cfg.Host.Call(ctx, c)
	out := callResult{ID: c.ID, OK: err == nil, Bytes: len(reply), TookUS: micros(time.Since(began)), TimedOut: errors.Is(err, context.DeadlineExceeded)}
	span.End(len(reply), err)
	if err != nil {
		out.Error = err.Error()
	}
	out.Reply, out.Text = decoded(reply)
	if t, ok := s.cfg.Traces.Get(c.ID); ok {
		out.Trace = &t
	}
	return out, nil
}

// decoded shows a reply as JSON, or what it is as text if it is neither msgpack
// nor CBOR.
func decoded(reply []byte) (json.RawMessage, string) {
	if len(reply) == 0 {
		return nil, ""
	}
	j, err := wasmbus.DecodeReply(reply, wasmbus.BinString)
	switch {
	case err == nil:
		return j, ""
	case utf8.Valid(reply):
		return nil, clip(string(reply), 64<<10)
	}
	return nil, "neither msgpack nor CBOR: " + err.Error()
}
