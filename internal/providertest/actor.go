package providertest

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/casefile"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// actor answers what the provider asks the linked actor, by the case's fakes, with
// the checks of a host: a provider that signs wrongly works nowhere.
func (in *instance) actor(r *Runner) (stop func(), err error) {
	subject := wasmbus.ActorSubject(r.cfg.Lattice, in.link.ActorID)
	seen := wasmbus.NewReplay(0)
	sub, err := r.conn.NATS().QueueSubscribe(subject, subject, func(m *nats.Msg) {
		answer := in.answer(r, seen, m.Data)
		_ = m.Respond(answer.Marshal()) // without a reply subject nobody waits
	})
	if err != nil {
		return nil, fmt.Errorf("subscribing to %s: %w", subject, err)
	}
	return func() { _ = sub.Unsubscribe() }, r.conn.NATS().Flush()
}

func (in *instance) answer(r *Runner, seen *wasmbus.Replay, data []byte) wasmbus.Response {
	inv, err := wasmbus.UnmarshalInvocation(data)
	if err != nil {
		in.player.Fault(fmt.Errorf("the provider sent the actor what is no invocation: %w", err))
		return wasmbus.Response{Error: err.Error()}
	}
	out := wasmbus.Response{InvocationID: inv.ID}
	if err := in.genuine(r, seen, inv); err != nil {
		in.player.Fault(fmt.Errorf("the provider's call of %s would be refused by hosts: %w", inv.Operation, err))
		out.Error = err.Error()
		return out
	}
	msg, err := in.player.Ask(casefile.Question{
		Contract: inv.Origin.ContractID, Link: inv.Origin.LinkName, Operation: inv.Operation, Argument: inv.Msg,
	})
	if err != nil {
		out.Error = err.Error()
		return out
	}
	out.Msg, out.ContentLength = msg, uint64(len(msg))
	if len(msg) > wasmbus.ChunkThreshold {
		ctx, cancel := context.WithTimeout(context.Background(), lattice.ChunkTime)
		defer cancel()
		if err := lattice.PutChunk(ctx, r.conn, r.cfg.Lattice, lattice.ReplyChunk(inv.ID), msg); err != nil {
			return wasmbus.Response{InvocationID: inv.ID, Error: err.Error()}
		}
		out.Msg = nil
	}
	return out
}

func (in *instance) genuine(r *Runner, seen *wasmbus.Replay, inv *wasmbus.Invocation) error {
	v := wasmbus.Verification{
		Now: r.cfg.Now(), ClusterIssuers: []strkey.PublicKey{r.cluster.Public()}, Target: wasmbus.Actor(in.link.ActorID), Seen: seen,
		Origin: func(o wasmbus.Entity) error {
			if want := in.target(); o != want {
				return fmt.Errorf("its origin is %s, and the provider is %s", o.URL(), want.URL())
			}
			return nil
		},
	}
	if inv.Chunked() {
		if err := inv.VerifyAnnounced(v); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(context.Background(), lattice.ChunkTime)
		defer cancel()
		var err error
		if inv.Msg, err = lattice.GetChunk(ctx, r.conn, r.cfg.Lattice, inv.ID, inv.ContentLength); err != nil {
			return err
		}
	}
	return inv.Verify(v)
}

// target is the provider as calls name it.
func (in *instance) target() wasmbus.Entity {
	return wasmbus.Entity{PublicKey: in.link.ProviderID, LinkName: in.link.LinkName, ContractID: in.link.ContractID}
}
