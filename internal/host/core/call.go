package core

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/dash"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/policy"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmrt"
)

// intake takes an actor's calls from the connection. It only decides whether
// there is room for one more; everything else happens on the call's goroutine.
func (h *Host) intake(a *actor) func(subject, reply string, data []byte) {
	return func(_, reply string, data []byte) {
		select {
		case h.room <- struct{}{}:
			h.draining.Go(func() {
				defer func() { <-h.room }()
				h.serve(a, reply, data)
			})
		default:
			id := ""
			if inv, err := wasmbus.UnmarshalInvocation(data); err == nil {
				id = inv.ID
			}
			h.answer(reply, wasmbus.Response{InvocationID: id, Error: fmt.Sprintf("actor %s was not called: the host is busy with %d calls, and takes no more", a.key, cap(h.room))})
		}
	}
}

// serve answers one invocation, whatever is wrong with it: silence would cost
// the caller its whole deadline.
func (h *Host) serve(a *actor, reply string, data []byte) {
	ctx, cancel := context.WithTimeout(h.calls, h.budget())
	defer cancel()
	inv, err := wasmbus.UnmarshalInvocation(data)
	if err != nil {
		h.log.Warn("call refused: it cannot be read", "actor", a.key, "error", err)
		h.answer(reply, wasmbus.Response{Error: "unreadable invocation: " + err.Error()})
		return
	}
	response := wasmbus.Response{InvocationID: inv.ID}
	response.Msg, err = h.invoke(ctx, a, inv)
	if err != nil {
		response.Error = err.Error()
	}
	h.answer(reply, response)
}

// budget is what a call may take here. It ends a little before the caller's
// own clock, so that the caller gets the reason instead of a time-out.
func (h *Host) budget() time.Duration {
	return h.cfg.RPCTimeout - min(h.cfg.RPCTimeout/10, 200*time.Millisecond)
}

// invoke checks an invocation and runs it.
func (h *Host) invoke(ctx context.Context, a *actor, inv *wasmbus.Invocation) ([]byte, error) {
	check := wasmbus.Verification{
		Now: h.cfg.Now(), ClusterIssuers: h.issuers, Bound: h.bound.origin, Target: wasmbus.Actor(a.key), Seen: h.replay,
		Origin: policy.Origin(h.know, a.key, a.code().meta().Caps),
	}
	if inv.Chunked() {
		// Nothing is fetched for somebody who may not call at all.
		if err := inv.VerifyAnnounced(check); err != nil {
			return nil, h.refuse(a, inv, err)
		}
		release, err := h.fetchArgument(ctx, inv)
		defer release() // after the call: the argument is held until then
		if err != nil {
			return nil, h.refuse(a, inv, err)
		}
		var done context.CancelFunc
		ctx, done = context.WithTimeout(h.calls, h.budget())
		defer done()
	}
	if err := inv.Verify(check); err != nil {
		return nil, h.refuse(a, inv, err)
	}
	return h.run(nested(ctx, inv), a, inv.ID, inv.Operation, inv.Msg)
}

// fetchArgument completes an argument, when there is room for it.
func (h *Host) fetchArgument(ctx context.Context, inv *wasmbus.Invocation) (release func(), err error) {
	// Whoever sends in chunks gives the transfer time of its own; the wait is part of it.
	transfer, cancel := context.WithTimeout(h.calls, lattice.ChunkTime)
	defer cancel()
	if release, err = h.large.Take(ctx, inv.ContentLength); err != nil {
		return release, errors.New("the host is busy with other large arguments")
	}
	inv.Msg, err = lattice.GetChunk(transfer, h.conn, h.cfg.Lattice, inv.ID, inv.ContentLength)
	return release, err
}

func (h *Host) refuse(a *actor, inv *wasmbus.Invocation, err error) error {
	h.log.Warn("call refused", "actor", a.key, "origin", inv.Origin.PublicKey, "operation", inv.Operation, "call", inv.ID, "error", err)
	return err
}

// run runs a checked call, from the lattice or from an actor of this host.
func (h *Host) run(ctx context.Context, a *actor, id, operation string, msg []byte) ([]byte, error) {
	began := h.cfg.Now()
	c, err := a.enter()
	if err != nil {
		return nil, fmt.Errorf("actor %s: %w", a.key, err)
	}
	defer a.leave(context.WithoutCancel(ctx), c)

	ctx, span := h.cfg.Traces.Begin(ctx, dash.Span{Call: id, Kind: dash.SpanActor, Target: a.key, Name: c.art.Name(), Operation: operation, In: len(msg)})
	out, err := h.runCode(ctx, a, c, id, operation, msg)
	span.End(len(out), err)
	took := h.since(began, time.Microsecond)
	if err != nil {
		err = h.explain(err, a, c, operation)
		h.log.Log(ctx, failureLevel(err), "call failed", "actor", a.key, "name", c.art.Name(), "operation", operation, "call", id, "took", took, "error", err)
		return nil, err
	}
	h.log.Debug("call", "actor", a.key, "name", c.art.Name(), "operation", operation, "call", id, "took", took, "bytes", len(out))
	return out, nil
}

func (h *Host) runCode(ctx context.Context, a *actor, c *code, id, operation string, msg []byte) ([]byte, error) {
	// The timer of a machine that slept may be late.
	if err := c.claims().CheckTime(h.cfg.Now()); err != nil {
		return nil, err
	}
	// An actor that is called back by its own call would wait for itself, so
	// that call needs no slot. wasmrt bounds the depth.
	if !inChain(ctx, a) {
		if err := a.slots.acquire(ctx); err != nil {
			return nil, err
		}
		defer a.slots.release()
	}
	return c.module.Call(withChain(ctx, a), operation, msg, &guestHost{h: h, a: a, c: c, call: id})
}

// failureLevel: an actor that answers with an error works as it was written.
func failureLevel(err error) slog.Level {
	var own *wasmrt.GuestError
	if errors.As(err, &own) {
		return slog.LevelInfo
	}
	return slog.LevelWarn
}

// since is a duration for the log: a text, because JSON logs would show a bare
// count of nanoseconds.
func (h *Host) since(t time.Time, unit time.Duration) string {
	return h.cfg.Now().Sub(t).Round(unit).String()
}

// explain turns what the runtime says into what the caller gets to read.
func (h *Host) explain(err error, a *actor, c *code, operation string) error {
	var trap *wasmrt.TrapError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("actor %s (%s) did not answer %s within %v", c.art.Name(), a.key, operation, h.cfg.RPCTimeout)
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("actor %s (%s) was interrupted in %s: the host is stopping", c.art.Name(), a.key, operation)
	case errors.Is(err, errBusy):
		return fmt.Errorf("actor %s (%s) is busy: %d calls wait for its %d instances, and no more may (scale it up; the host's --actor-queue is the limit)",
			c.art.Name(), a.key, h.cfg.Queue, a.count())
	case errors.As(err, &trap) && trap.Trace != "":
		h.log.Debug("trace of the call that failed", "actor", a.key, "operation", operation, "trace", trap.Trace)
	}
	return err
}

// answer sends a reply; a large result goes through the object store first.
func (h *Host) answer(to string, r wasmbus.Response) {
	if to == "" {
		return
	}
	r.ContentLength = uint64(len(r.Msg))
	if len(r.Msg) > wasmbus.ChunkThreshold {
		ctx, cancel := context.WithTimeout(h.calls, lattice.ChunkTime)
		defer cancel()
		name := lattice.ReplyChunk(r.InvocationID)
		if err := lattice.PutChunk(ctx, h.conn, h.cfg.Lattice, name, r.Msg); err != nil {
			r = wasmbus.Response{InvocationID: r.InvocationID, Error: err.Error()}
		}
		r.Msg = nil
	}
	if err := h.bus.Publish(to, r.Marshal()); err != nil {
		h.log.Error("reply was not sent", "call", r.InvocationID, "error", err)
	}
}

// chain links the actors of nested calls, innermost first.
type chain struct {
	actor *actor
	outer *chain
}

type chainKey struct{}

func withChain(ctx context.Context, a *actor) context.Context {
	outer, _ := ctx.Value(chainKey{}).(*chain)
	return context.WithValue(ctx, chainKey{}, &chain{a, outer})
}

func inChain(ctx context.Context, a *actor) bool {
	c, _ := ctx.Value(chainKey{}).(*chain)
	for ; c != nil; c = c.outer {
		if c.actor == a {
			return true
		}
	}
	return false
}
