package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// maxPending bounds the bytes of the messages that run and wait; a NATS client's own queue has this limit too.
const maxPending = 64 << 20

// server answers calls.
type server struct {
	ctx     context.Context // of the calls
	host    *Host
	p       Provider
	links   *linkTable
	issuers []strkey.PublicKey
	seen    *wasmbus.Replay
	slots   chan struct{}
	large   *lattice.Room // arguments from the object store

	mu      sync.Mutex
	pending int           // running and waiting
	bytes   int           // of their messages
	stopped bool          // no more are taken
	idle    chan struct{} // closed when stopped and nothing is pending
}

func newServer(ctx context.Context, h *Host, p Provider, links *linkTable) *server {
	s := &server{
		ctx: ctx, host: h, p: p, links: links, seen: wasmbus.NewReplay(0), large: lattice.NewRoom(),
		slots: make(chan struct{}, h.opts.MaxCalls), idle: make(chan struct{}),
	}
	for _, key := range h.data.ClusterIssuers {
		s.issuers = append(s.issuers, strkey.PublicKey(strings.TrimSpace(key)))
	}
	return s
}

// receive hands a call to a goroutine, or refuses it: silence would cost its caller the whole timeout.
func (s *server) receive(m *nats.Msg) {
	if m.Reply == "" {
		s.host.log.Debug("call ignored: it asks for no reply")
		return
	}
	if err := s.enter(len(m.Data)); err != nil {
		s.refuse(m, err)
		return
	}
	go s.serve(m, s.host.opts.Now())
}

func (s *server) enter(size int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.stopped:
		return errors.New("the provider is shutting down")
	case s.pending >= s.host.opts.MaxCalls+s.host.opts.MaxQueued, s.bytes+size > maxPending:
		return fmt.Errorf("the provider is busy: %d calls of %d bytes are running or waiting", s.pending, s.bytes)
	}
	s.pending++
	s.bytes += size
	return nil
}

func (s *server) leave(size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending--
	s.bytes -= size
	if s.stopped && s.pending == 0 {
		close(s.idle)
	}
}

// drain takes no more calls and waits for those that are here.
func (s *server) drain(ctx context.Context) error {
	s.mu.Lock()
	s.stopped = true
	pending := s.pending
	s.mu.Unlock()
	if pending == 0 {
		return nil
	}
	select {
	case <-s.idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// refuse answers a call whose body may not have been read.
func (s *server) refuse(m *nats.Msg, err error) {
	id := ""
	if inv, e := wasmbus.UnmarshalInvocation(m.Data); e == nil {
		id = inv.ID
	}
	s.respond(m, &wasmbus.Response{InvocationID: id, Error: err.Error()})
}

func (s *server) respond(m *nats.Msg, r *wasmbus.Response) {
	if err := m.Respond(r.Marshal()); err != nil {
		s.host.log.Warn("answer not sent", "invocation", r.InvocationID, "error", err)
	}
}

func (s *server) serve(m *nats.Msg, arrived time.Time) {
	defer s.leave(len(m.Data))
	s.slots <- struct{}{}
	defer func() { <-s.slots }()
	inv, err := wasmbus.UnmarshalInvocation(m.Data)
	if err != nil {
		s.host.log.Warn("call refused", "error", err)
		s.respond(m, &wasmbus.Response{Error: err.Error()})
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.patience(inv)-s.host.opts.Now().Sub(arrived))
	defer cancel()
	answer := &wasmbus.Response{InvocationID: inv.ID}
	msg, err := s.answer(ctx, inv)
	if err == nil {
		answer.Msg, answer.ContentLength = msg, uint64(len(msg))
		err = s.shift(answer)
	}
	if err != nil {
		s.host.log.Warn("call failed", "operation", inv.Operation, "actor", inv.Origin.PublicKey, "invocation", inv.ID, "error", err)
		answer = &wasmbus.Response{InvocationID: inv.ID, Error: err.Error()}
	}
	s.respond(m, answer)
}

// patience is how long the caller waits, as far as we know.
func (s *server) patience(inv *wasmbus.Invocation) time.Duration {
	if inv.Chunked() {
		return s.host.Timeout() + lattice.ChunkTime
	}
	return s.host.Timeout()
}

// shift puts a large result into the object store; the message says how long it is.
func (s *server) shift(r *wasmbus.Response) error {
	if len(r.Msg) <= wasmbus.ChunkThreshold {
		return nil
	}
	ctx, cancel := context.WithTimeout(s.ctx, lattice.ChunkTime)
	defer cancel()
	if err := lattice.PutChunk(ctx, s.host.conn, s.host.data.LatticeRPCPrefix, lattice.ReplyChunk(r.InvocationID), r.Msg); err != nil {
		return err
	}
	r.Msg = nil
	return nil
}

func (s *server) answer(ctx context.Context, inv *wasmbus.Invocation) ([]byte, error) {
	link, release, err := s.admit(ctx, inv)
	defer release()
	if err != nil {
		return nil, err
	}
	c := Call{Link: link, Operation: plainOperation(inv.Operation), Msg: inv.Msg, ID: inv.ID, Trace: inv.TraceContext}
	var msg []byte
	err = guard(c.Operation, func() (err error) {
		msg, err = s.p.Call(withTrace(ctx, c.Trace), c)
		return err
	})
	return msg, err
}

type traceKey struct{}

// withTrace has calls of actors that are made while another is served carry its trace context, so
// that a host sees them as parts of one call, and sees how deep they are nested.
func withTrace(ctx context.Context, trace map[string]string) context.Context {
	return context.WithValue(ctx, traceKey{}, trace)
}

func traceOf(ctx context.Context) map[string]string {
	trace, _ := ctx.Value(traceKey{}).(map[string]string)
	return trace
}

// plainOperation: some senders put the contract before it, "wasmcloud:keyvalue/KeyValue.Get".
func plainOperation(op string) string { return op[strings.LastIndexByte(op, '/')+1:] }

// admit checks that a host of this lattice has signed the call for this provider on behalf of a
// linked actor, and completes its argument. A sender without a cluster key cannot make us fetch.
// release is to be called when the argument is not used any more.
func (s *server) admit(ctx context.Context, inv *wasmbus.Invocation) (link LinkDefinition, release func(), err error) {
	release = func() {}
	v := wasmbus.Verification{
		Now: s.host.opts.Now(), ClusterIssuers: s.issuers, Seen: s.seen,
		Target: wasmbus.Entity{PublicKey: s.host.data.ProviderKey, LinkName: s.host.data.LinkName, ContractID: inv.Target.ContractID},
		Origin: func(e wasmbus.Entity) error {
			link, err = s.linkOf(ctx, e, inv.Target.ContractID)
			return err
		},
	}
	if inv.Chunked() {
		if err := inv.VerifyAnnounced(v); err != nil {
			return link, release, err
		}
		if release, err = s.fetch(ctx, inv); err != nil {
			return link, release, err
		}
	}
	return link, release, inv.Verify(v)
}

// fetch completes an argument, when there is room for it.
func (s *server) fetch(ctx context.Context, inv *wasmbus.Invocation) (release func(), err error) {
	if release, err = s.large.Take(ctx, inv.ContentLength); err != nil {
		return release, errors.New("the provider is busy with other large arguments")
	}
	inv.Msg, err = lattice.GetChunk(ctx, s.host.conn, s.host.data.LatticeRPCPrefix, inv.ID, inv.ContentLength)
	return release, err
}

func (s *server) linkOf(ctx context.Context, origin wasmbus.Entity, contract string) (LinkDefinition, error) {
	link, err := s.links.await(ctx, origin.PublicKey)
	if err == nil && contract != link.ContractID {
		err = fmt.Errorf("the call is for contract %q, the link for %q", shorten(contract), link.ContractID)
	}
	return link, err
}

// shorten keeps hostile text out of the log.
func shorten(s string) string {
	const limit = 64
	if len(s) > limit {
		return s[:limit] + "…"
	}
	return s
}
