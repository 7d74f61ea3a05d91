package fakehost

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/tinylib/msgp/msgp"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// ErrSilent from an actor's Handle means that no reply is sent.
var ErrSilent = errors.New("silent")

// start adds instances; h.mu is held, as in the functions below.
func (h *Host) start(ref string, count int) {
	actor, ok := h.cfg.Refs[ref]
	r := h.running[actor.Key]
	switch {
	case h.cfg.StartFail != "":
		h.startFailed(ref, h.cfg.StartFail)
		return
	case !ok:
		h.startFailed(ref, "no such artifact: "+ref)
		return
	case r != nil && r.ref != ref:
		h.startFailed(ref, fmt.Sprintf("actor %s runs already, from %s", actor.Key, r.ref))
		return
	case r == nil:
		r = &running{ref: ref, actor: actor}
		subject := wasmbus.ActorSubject(h.cfg.Lattice, actor.Key)
		r.sub, _ = h.conn.NATS().QueueSubscribe(subject, subject, func(m *nats.Msg) { h.invoke(actor.Key, m) })
		h.running[actor.Key] = r
	}
	for range count {
		id := wasmbus.NewUUID()
		r.ids = append(r.ids, id)
		h.emit(wasmbus.EventActorStarted, wasmbus.ActorStarted{ImageRef: ref, InstanceID: id, PublicKey: actor.Key, APIVersion: "n/a"})
	}
	if !h.cfg.Elixir {
		h.emit(wasmbus.EventActorsStarted, wasmbus.ActorsStarted{ImageRef: ref, PublicKey: actor.Key, HostID: h.ID, Count: count})
	}
}

func (h *Host) startFailed(ref, text string) {
	h.emit(wasmbus.EventActorStartFailed, wasmbus.ActorStartFailed{ActorRef: ref, Error: text})
}

func (h *Host) stop(key string, count int) {
	r := h.running[key]
	if r == nil {
		// The Elixir host says nothing at all.
		if !h.cfg.Elixir {
			h.emit(wasmbus.EventActorStopFailed, wasmbus.ActorStopFailed{Error: "it does not run here", PublicKey: key})
		}
		return
	}
	if count == 0 || count > len(r.ids) {
		count = len(r.ids)
	}
	for _, id := range r.ids[:count] {
		h.emit(wasmbus.EventActorStopped, wasmbus.ActorStopped{InstanceID: id, PublicKey: key})
	}
	r.ids = r.ids[count:]
	if len(r.ids) == 0 {
		_ = r.sub.Unsubscribe()
		delete(h.running, key)
	}
	if !h.cfg.Elixir {
		h.emit(wasmbus.EventActorsStopped, wasmbus.ActorsStopped{PublicKey: key, HostID: h.ID, Count: count, Remaining: len(r.ids)})
	}
}

func (h *Host) scale(cmd wasmbus.ScaleActorCommand) {
	r := h.running[cmd.ActorID]
	switch {
	case r == nil:
		h.emit(wasmbus.EventActorScaleFailed, wasmbus.ActorScaled{PublicKey: cmd.ActorID, Error: "it does not run here"})
	case int(cmd.Count) > len(r.ids):
		h.start(r.ref, int(cmd.Count)-len(r.ids))
	case int(cmd.Count) < len(r.ids):
		h.stop(cmd.ActorID, len(r.ids)-int(cmd.Count))
	}
}

func (h *Host) update(cmd wasmbus.UpdateActorCommand) error {
	r, ok := h.running[cmd.ActorID], false
	if r == nil {
		return fmt.Errorf("actor %s does not run here", cmd.ActorID)
	}
	var next Actor
	next, ok = h.cfg.Refs[cmd.NewActorRef]
	switch {
	case !ok:
		return fmt.Errorf("no such artifact: %s", cmd.NewActorRef)
	case next.Key != cmd.ActorID:
		return fmt.Errorf("%s is signed for %s, the running actor is %s", cmd.NewActorRef, next.Key, cmd.ActorID)
	case h.cfg.Elixir && next.Revision <= r.actor.Revision:
		return fmt.Errorf("the new revision %d is not higher than %d", next.Revision, r.actor.Revision)
	}
	r.ref, r.actor = cmd.NewActorRef, next
	h.emit(wasmbus.EventActorUpdated, wasmbus.ActorUpdated{PublicKey: cmd.ActorID, Revision: next.Revision})
	return nil
}

// invoke answers an invocation with all the checks of a real receiver.
func (h *Host) invoke(key string, m *nats.Msg) {
	h.mu.Lock()
	r := h.running[key]
	if r == nil {
		h.mu.Unlock()
		return
	}
	actor := r.actor
	h.mu.Unlock()
	inv, err := wasmbus.UnmarshalInvocation(m.Data)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	msg, err := h.answer(ctx, actor, inv)
	if errors.Is(err, ErrSilent) {
		return
	}
	resp := wasmbus.Response{Msg: msg, InvocationID: inv.ID, ContentLength: uint64(len(msg))}
	if err != nil {
		resp = wasmbus.Response{InvocationID: inv.ID, Error: err.Error()}
	}
	if len(msg) > wasmbus.ChunkThreshold {
		if err := lattice.PutChunk(ctx, h.conn, h.cfg.Lattice, lattice.ReplyChunk(inv.ID), msg); err != nil {
			resp.Error = err.Error()
		}
		resp.Msg = nil
	}
	b := resp.Marshal()
	if h.cfg.Elixir && resp.Error == "" && len(resp.Msg) == len(msg) {
		b = elixirResponse(resp)
	}
	_ = m.Respond(b)
}

func (h *Host) answer(ctx context.Context, actor Actor, inv *wasmbus.Invocation) ([]byte, error) {
	if inv.Chunked() {
		var err error
		if inv.Msg, err = lattice.GetChunk(ctx, h.conn, h.cfg.Lattice, inv.ID, inv.ContentLength); err != nil {
			return nil, err
		}
	}
	if err := inv.Verify(wasmbus.Verification{
		Now: time.Now(), ClusterIssuers: []strkey.PublicKey{h.Cluster.Public()}, Target: wasmbus.Actor(actor.Key),
	}); err != nil {
		return nil, err
	}
	if _, err := strkey.ParsePublic(inv.HostID, strkey.Server); err != nil {
		return nil, fmt.Errorf("invalid host ID on invocation: %w", err) // Rust hosts are that strict
	}
	return actor.Handle(inv.Operation, inv.Msg, func(level, text string) {
		b, err := wasmbus.EncodeJSON(wasmbus.LogLine{Actor: actor.Key, Call: inv.ID, Level: level, Text: text, Time: time.Now().Format(time.RFC3339Nano)})
		if err == nil {
			_ = h.conn.NATS().Publish(wasmbus.LogSubject(h.cfg.Lattice), b)
		}
	})
}

// elixirResponse writes what Msgpax makes of bytes: a str.
func elixirResponse(r wasmbus.Response) []byte {
	b := msgp.AppendMapHeader(nil, 4)
	b = msgp.AppendString(msgp.AppendString(b, "invocation_id"), r.InvocationID)
	b = msgp.AppendString(msgp.AppendString(b, "instance_id"), "some-instance")
	b = msgp.AppendStringFromBytes(msgp.AppendString(b, "msg"), r.Msg)
	return msgp.AppendUint64(msgp.AppendString(b, "content_length"), r.ContentLength)
}
