package providerbed

import (
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// ServeActor plays the host of an actor that a provider calls: it checks the call as hosts do and
// answers by handle. An error of handle is the actor's.
func (b *Bed) ServeActor(actor string, handle func(op string, msg []byte) ([]byte, error)) {
	b.t.Helper()
	seen := wasmbus.NewReplay(0)
	subject := wasmbus.ActorSubject(b.Data.LatticeRPCPrefix, actor)
	sub, err := b.Conn.NATS().QueueSubscribe(subject, subject, func(m *nats.Msg) {
		go b.answer(m, actor, seen, handle)
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = sub.Unsubscribe() })
	if err := b.Conn.NATS().Flush(); err != nil {
		b.t.Fatal(err)
	}
}

func (b *Bed) answer(m *nats.Msg, actor string, seen *wasmbus.Replay, handle func(op string, msg []byte) ([]byte, error)) {
	inv, err := wasmbus.UnmarshalInvocation(m.Data)
	if err != nil {
		b.t.Errorf("the provider sent no invocation: %v", err)
		return
	}
	r := &wasmbus.Response{InvocationID: inv.ID}
	msg, err := b.admit(inv, actor, seen)
	if err == nil {
		msg, err = handle(inv.Operation, msg)
	}
	if err != nil {
		r.Error = err.Error()
	} else {
		r.Msg, r.ContentLength = msg, uint64(len(msg))
	}
	if len(r.Msg) > wasmbus.ChunkThreshold {
		if err := lattice.PutChunk(Context(b.t), b.Conn, b.Data.LatticeRPCPrefix, lattice.ReplyChunk(inv.ID), r.Msg); err != nil {
			b.t.Error(err)
		}
		r.Msg = nil
	}
	_ = m.Respond(r.Marshal()) // the test may be over
}

func (b *Bed) admit(inv *wasmbus.Invocation, actor string, seen *wasmbus.Replay) ([]byte, error) {
	if inv.Chunked() {
		msg, err := lattice.GetChunk(Context(b.t), b.Conn, b.Data.LatticeRPCPrefix, inv.ID, inv.ContentLength)
		if err != nil {
			return nil, err
		}
		inv.Msg = msg
	}
	err := inv.Verify(wasmbus.Verification{
		Now: time.Now(), ClusterIssuers: []strkey.PublicKey{Cluster().Public()}, Target: wasmbus.Actor(actor), Seen: seen,
	})
	if err != nil {
		b.t.Errorf("a host would refuse the provider's call: %v", err)
	}
	if _, err := strkey.ParsePublic(inv.HostID, strkey.Server); err != nil {
		b.t.Errorf("the Rust host refuses such a host id: %v", err)
	}
	return inv.Msg, err
}
