package ctl

import (
	"cmp"
	"context"
	"fmt"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// rows is the control interface: one row per subject.
func (r *Router) rows() map[string]handler {
	c, id := r.cfg.Control, r.cfg.Host
	return map[string]handler{
		c.PingHosts():       r.ping,
		c.Inventory(id):     r.inventory,
		c.Claims():          r.claims,
		c.Links():           r.links,
		c.LinkPut():         decoded(wasmbus.LinkDefinition{}, r.linkPut),
		c.LinkDel():         decoded(wasmbus.LinkDefinition{}, r.linkDel),
		c.AuctionActor():    decoded(wasmbus.ActorAuctionRequest{}, r.auctionActor),
		c.AuctionProvider(): decoded(wasmbus.ProviderAuctionRequest{}, r.auctionProvider),
		c.Registries():      decoded(map[string]wasmbus.RegistryCredential(nil), r.registries),
		c.LabelPut(id):      decoded(wasmbus.LabelChange{}, r.labelPut),
		c.LabelDel(id):      decoded(wasmbus.LabelChange{}, r.labelDel),

		// An absent count means one instance to start, and all to stop.
		c.Command(id, wasmbus.CmdStartActor):    decoded(wasmbus.StartActorCommand{Count: 1}, r.startActor),
		c.Command(id, wasmbus.CmdScaleActor):    decoded(wasmbus.ScaleActorCommand{}, r.scaleActor),
		c.Command(id, wasmbus.CmdStopActor):     decoded(wasmbus.StopActorCommand{}, r.stopActor),
		c.Command(id, wasmbus.CmdUpdateActor):   decoded(wasmbus.UpdateActorCommand{}, r.updateActor),
		c.Command(id, wasmbus.CmdStartProvider): decoded(wasmbus.StartProviderCommand{}, r.startProvider),
		c.Command(id, wasmbus.CmdStopProvider):  decoded(wasmbus.StopProviderCommand{}, r.stopProvider),
		c.Command(id, wasmbus.CmdStopHost):      decoded(wasmbus.StopHostCommand{}, r.stopHost),
	}
}

// decoded reads a request into a copy of defaults and refuses what does not fit.
func decoded[T any](defaults T, h func(ctx context.Context, request T) outcome) handler {
	return func(ctx context.Context, data []byte) outcome {
		request := defaults
		if err := wasmbus.DecodeJSON(data, &request); err != nil {
			return refuse("malformed request: %v", err)
		}
		return h(ctx, request)
	}
}

// ---- questions

func (r *Router) ping(context.Context, []byte) outcome {
	return outcome{
		reply: r.cfg.Backend.Describe(),
		after: func(context.Context) { r.cfg.Backend.Heartbeat() },
	}
}

func (r *Router) inventory(context.Context, []byte) outcome {
	return outcome{reply: r.cfg.Backend.Inventory()}
}

func (r *Router) claims(ctx context.Context, _ []byte) outcome {
	list, err := r.cfg.Backend.Claims(ctx)
	if err != nil {
		return refuse("reading the claims of the lattice: %v", err)
	}
	return outcome{reply: wasmbus.ClaimsReply{Claims: nonNil(list)}}
}

func (r *Router) links(ctx context.Context, _ []byte) outcome {
	list, err := r.cfg.Backend.Links(ctx)
	if err != nil {
		return refuse("reading the links of the lattice: %v", err)
	}
	return outcome{reply: wasmbus.LinksReply{Links: nonNil(list)}}
}

// nonNil makes an empty list [] instead of null, which wash cannot read.
func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (r *Router) auctionActor(_ context.Context, req wasmbus.ActorAuctionRequest) outcome {
	if req.ActorRef == "" || !r.cfg.Backend.Bids(req.Constraints) {
		return outcome{}
	}
	if req.Constraints == nil {
		req.Constraints = map[string]string{}
	}
	return outcome{reply: wasmbus.ActorAuctionAck{ActorRef: req.ActorRef, Constraints: req.Constraints, HostID: r.cfg.Host}}
}

// ---- lattice settings

func (r *Router) linkPut(ctx context.Context, l wasmbus.LinkDefinition) outcome {
	if l.Values == nil {
		l.Values = map[string]string{} // providers cannot read a link without values
	}
	return ackOf(r.cfg.Backend.PutLink(ctx, l))
}

func (r *Router) linkDel(ctx context.Context, l wasmbus.LinkDefinition) outcome {
	if l.ActorID == "" || l.ContractID == "" || l.LinkName == "" {
		return refuse("a link is named by actor_id, contract_id and link_name: got %q, %q and %q", l.ActorID, l.ContractID, l.LinkName)
	}
	return ackOf(r.cfg.Backend.DeleteLink(ctx, l.ActorID, l.ContractID, l.LinkName))
}

func (r *Router) registries(_ context.Context, m map[string]wasmbus.RegistryCredential) outcome {
	r.cfg.Backend.SetRegistries(m)
	return accept(nil)
}

func (r *Router) labelPut(_ context.Context, l wasmbus.LabelChange) outcome {
	return ackOf(r.cfg.Backend.SetLabel(l.Key, l.Value))
}

func (r *Router) labelDel(_ context.Context, l wasmbus.LabelChange) outcome {
	return ackOf(r.cfg.Backend.DeleteLabel(l.Key))
}

// ---- commands

func (r *Router) startActor(_ context.Context, cmd wasmbus.StartActorCommand) outcome {
	switch err := r.mine(cmd.HostID); {
	case err != nil:
		return ackOf(err)
	case cmd.ActorRef == "":
		return refuse("actor_ref is empty: want a reference such as localhost:5000/echo:0.1.0")
	case cmd.Count == 0 || int(cmd.Count) > MaxInstances:
		return refuse("count is %d: want 1 to %d", cmd.Count, MaxInstances)
	}
	return accept(func(ctx context.Context) { r.cfg.Backend.StartActor(ctx, cmd) })
}

// MaxInstances bounds what one command may ask of one actor: each instance is
// an event and an entry of the inventory.
const MaxInstances = 1000

func (r *Router) scaleActor(_ context.Context, cmd wasmbus.ScaleActorCommand) outcome {
	if err := cmp.Or(r.mine(cmd.HostID), actorKey("actor_id", cmd.ActorID)); err != nil {
		return ackOf(err)
	}
	if int(cmd.Count) > MaxInstances {
		return refuse("count is %d: want at most %d", cmd.Count, MaxInstances)
	}
	return accept(func(ctx context.Context) { r.cfg.Backend.ScaleActor(ctx, cmd) })
}

func (r *Router) stopActor(_ context.Context, cmd wasmbus.StopActorCommand) outcome {
	if err := cmp.Or(r.mine(cmd.HostID), actorKey("actor_ref", cmd.ActorRef)); err != nil {
		return ackOf(err)
	}
	return accept(func(ctx context.Context) { r.cfg.Backend.StopActor(ctx, cmd) })
}

func (r *Router) updateActor(_ context.Context, cmd wasmbus.UpdateActorCommand) outcome {
	if err := cmp.Or(r.mine(cmd.HostID), actorKey("actor_id", cmd.ActorID)); err != nil {
		return ackOf(err)
	}
	if cmd.NewActorRef == "" {
		return refuse("new_actor_ref is empty: want a reference such as localhost:5000/echo:0.2.0")
	}
	return outcome{later: func(ctx context.Context) any {
		return ackOf(r.cfg.Backend.UpdateActor(ctx, cmd)).reply
	}}
}

func (r *Router) startProvider(_ context.Context, cmd wasmbus.StartProviderCommand) outcome {
	if cmd.LinkName == "" {
		cmd.LinkName = defaultLink
	}
	switch err := r.mine(cmd.HostID); {
	case err != nil:
		return ackOf(err)
	case cmd.ProviderRef == "":
		return refuse("provider_ref is empty: want a reference such as localhost:5000/httpserver:0.1.0")
	}
	if err := r.cfg.Backend.ProviderConflict(cmd); err != nil {
		// wash looks at the event, other clients at the ack.
		r.cfg.Backend.Emit(wasmbus.EventProviderFailed, wasmbus.ProviderStartFailed{
			Error: err.Error(), LinkName: cmd.LinkName, ProviderRef: cmd.ProviderRef,
		})
		return ackOf(err)
	}
	return accept(func(ctx context.Context) { r.cfg.Backend.StartProvider(ctx, cmd) })
}

// defaultLink is the link name of a provider that was given none.
const defaultLink = "default"

func (r *Router) stopProvider(_ context.Context, cmd wasmbus.StopProviderCommand) outcome {
	if cmd.LinkName == "" {
		cmd.LinkName = defaultLink
	}
	if err := r.mine(cmd.HostID); err != nil {
		return ackOf(err)
	}
	if _, err := strkey.ParsePublic(cmd.ProviderRef, strkey.Service); err != nil {
		return refuse("provider_ref: %v", err)
	}
	return accept(func(ctx context.Context) { r.cfg.Backend.StopProvider(ctx, cmd) })
}

func (r *Router) auctionProvider(_ context.Context, req wasmbus.ProviderAuctionRequest) outcome {
	if req.LinkName == "" {
		req.LinkName = defaultLink
	}
	if req.ProviderRef == "" || !r.cfg.Backend.BidsProvider(req) {
		return outcome{}
	}
	if req.Constraints == nil {
		req.Constraints = map[string]string{}
	}
	return outcome{reply: wasmbus.ProviderAuctionAck{
		Constraints: req.Constraints, HostID: r.cfg.Host, LinkName: req.LinkName, ProviderRef: req.ProviderRef,
	}}
}

func (r *Router) stopHost(_ context.Context, cmd wasmbus.StopHostCommand) outcome {
	if err := r.mine(cmd.HostID); err != nil {
		return ackOf(err)
	}
	return accept(func(context.Context) { r.cfg.Backend.Stop() })
}

// mine compares the host named in a command with the one in its subject.
func (r *Router) mine(host string) error {
	if host != "" && host != r.cfg.Host {
		return fmt.Errorf("host_id is %s, and this is host %s", host, r.cfg.Host)
	}
	return nil
}

func actorKey(member, key string) error {
	if _, err := strkey.ParsePublic(key, strkey.Module); err != nil {
		return fmt.Errorf("%s: %w", member, err)
	}
	return nil
}
