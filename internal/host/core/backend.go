package core

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/dash"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/events"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/policy"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmrt"
)

// The methods below, with those of supervise.go, are what the control
// interface asks of a host (ctl.Host).

// Describe answers a ping.
func (h *Host) Describe() wasmbus.Host {
	issuers := make([]string, len(h.issuers))
	for i, k := range h.issuers {
		issuers[i] = string(k)
	}
	up := h.cfg.Now().Sub(h.started)
	d := wasmbus.Host{
		ClusterIssuers: strings.Join(issuers, ","), CtlHost: h.natsURL(), RPCHost: h.natsURL(), ProvRPCHost: h.natsURL(),
		FriendlyName: h.name, ID: h.id, Issuer: issuers[0], Labels: h.copyLabels(), LatticePrefix: h.cfg.Lattice,
		UptimeHuman: events.Duration(up), UptimeSeconds: uint64(up.Seconds()), Version: h.cfg.Version,
	}
	if domain := h.cfg.Connect.JSDomain; domain != "" {
		d.JSDomain = &domain
	}
	return d
}

// Inventory lists what runs here.
func (h *Host) Inventory() wasmbus.HostInventory {
	inv := wasmbus.HostInventory{
		Actors: []wasmbus.ActorDescription{}, Providers: []wasmbus.ProviderDescription{},
		HostID: h.id, Issuer: string(h.issuers[0]), FriendlyName: h.name, Labels: h.copyLabels(),
	}
	for _, a := range h.running() {
		inv.Actors = append(inv.Actors, a.describe())
	}
	for _, p := range h.capabilities() {
		inv.Providers = append(inv.Providers, p.describe())
	}
	return inv
}

// running lists the actors in the order of their keys.
func (h *Host) running() []*actor {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.SortedFunc(maps.Values(h.actors), func(a, b *actor) int { return cmp.Compare(a.key, b.key) })
}

// Heartbeat tells the lattice what runs here, in the Elixir host's form.
func (h *Host) Heartbeat() {
	up := h.cfg.Now().Sub(h.started)
	beat := wasmbus.HostHeartbeat{
		Actors: map[string]int{}, Providers: []wasmbus.HeartbeatProvider{},
		FriendlyName: h.name, Labels: h.copyLabels(), Version: h.cfg.Version,
		UptimeHuman: events.Duration(up), UptimeSeconds: uint64(up.Seconds()),
	}
	for _, a := range h.running() {
		beat.Actors[a.key] = a.count()
	}
	for _, p := range h.capabilities() {
		beat.Providers = append(beat.Providers, wasmbus.HeartbeatProvider{
			ContractID: p.entity.ContractID, LinkName: p.entity.LinkName, PublicKey: p.entity.PublicKey,
		})
	}
	h.events.Emit(wasmbus.EventHostHeartbeat, beat)
}

// Emit publishes an event of another room.
func (h *Host) Emit(name string, data any) { h.events.Emit(name, data) }

// Bids says whether this host would run an actor under these constraints.
func (h *Host) Bids(constraints map[string]string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return policy.Constraints(h.labels, constraints)
}

func (h *Host) copyLabels() map[string]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.labels)
}

// SetLabel sets a label, unless it is one that states a fact.
func (h *Host) SetLabel(key, value string) error {
	return h.changeLabels(key, func() { h.labels[key] = value })
}

// DeleteLabel removes a label.
func (h *Host) DeleteLabel(key string) error {
	return h.changeLabels(key, func() { delete(h.labels, key) })
}

func (h *Host) changeLabels(key string, change func()) error {
	if key == "" {
		return fmt.Errorf("the label's key is empty")
	}
	if strings.HasPrefix(key, builtinLabel) {
		return fmt.Errorf("label %s says what this host is and cannot be changed", key)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
	return nil
}

// SetRegistries replaces the credentials that registries.put gave before.
func (h *Host) SetRegistries(m map[string]wasmbus.RegistryCredential) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.registries = maps.Clone(m)
}

// Claims lists the claims known to the lattice.
func (h *Host) Claims(ctx context.Context) ([]wasmbus.ClaimsRecord, error) {
	return h.state.Claims(ctx)
}

// Links lists the links of the lattice.
func (h *Host) Links(ctx context.Context) ([]wasmbus.LinkDefinition, error) {
	return h.state.Links(ctx)
}

// PutLink stores a link. The watch tells the provider, for this host and for
// links that others write alike.
func (h *Host) PutLink(ctx context.Context, l wasmbus.LinkDefinition) error {
	if err := policy.Link(l); err != nil {
		return err
	}
	return h.state.PutLink(ctx, l)
}

// DeleteLink removes a link.
func (h *Host) DeleteLink(ctx context.Context, actor, contract, link string) error {
	return h.state.DeleteLink(ctx, actor, contract, link)
}

// changed takes an entry of the lattice's bucket. Wash writes links there
// itself, so this is where providers are told of them.
func (h *Host) changed(c lattice.Change) {
	if c.Err != nil {
		h.log.Warn("trouble with the bucket of the lattice", "error", c.Err)
		return
	}
	switch c.Kind {
	case lattice.ChangeLink:
		h.linkChanged(c)
	case lattice.ChangeClaims:
		switch {
		case h.actor(c.ID) != nil:
			// Anybody who reaches the bucket can write a record. Of what runs
			// here the token was verified, and that is what counts.
		case c.Deleted:
			h.know.dropClaims(c.ID)
		default:
			h.know.putClaims(c.ID, c.Claims)
		}
	}
}

func (h *Host) linkChanged(c lattice.Change) {
	h.telling.Lock()
	defer h.telling.Unlock()
	var link, old wasmbus.LinkDefinition
	var known bool
	event := wasmbus.EventLinkSet
	if c.Deleted {
		link, known = h.know.dropLink(c.ID)
		if !known {
			return
		}
		event = wasmbus.EventLinkDeleted
	} else {
		link = c.Link
		old, known = h.know.putLink(link)
	}
	if c.Initial {
		return // its provider was told when it was made
	}
	h.log.Info("link changed", "event", event, "actor", link.ActorID, "provider", link.ProviderID, "contract", link.ContractID, "link", link.LinkName)
	h.events.Emit(event, wasmbus.NewLinkChanged(link))
	// Providers of no host, such as those of tests, hear of their links in this
	// way alone, so it does not matter whether this one runs here.
	if !c.Deleted && known && !sameLink(old, link) {
		// A provider keeps the link that it has until that is deleted. Every host says
		// both, so whichever comes last leaves what is in the bucket.
		h.tellLink(old, true)
	}
	h.tellLink(link, c.Deleted)
}

// tellLink tells a provider of a link, and notes that if it runs here.
func (h *Host) tellLink(l wasmbus.LinkDefinition, deleted bool) {
	h.publishLink(l, deleted)
	if p := h.capabilityOf(l.ProviderID, l.LinkName); p != nil {
		p.noteLink(l, deleted)
	}
}

// depthKey is the member of an invocation's trace context by which our hosts tell
// each other how deep a call is nested. Each hop has a deadline of its own, so a
// ring of actors on two hosts would go on long after its first caller was
// answered; other hosts ignore the member, and lose only that.
const depthKey = "rules_wasmcloud.depth"

// callKey is the member that says of which call's trace this one is a part. It
// decides nothing but where the dashboard shows it.
const callKey = "rules_wasmcloud.call"

// maxCallID bounds what a caller may have the dashboard keep as a call's name.
const maxCallID = 64

// callRemote calls an actor of another host, or a provider.
func (h *Host) callRemote(ctx context.Context, from string, to wasmbus.Entity, operation string, payload []byte) ([]byte, error) {
	o := lattice.CallOptions{
		Lattice: h.cfg.Lattice, Target: to, Operation: operation, Payload: payload, Origin: wasmbus.Actor(from),
		HostKey: h.cfg.HostSeed, Cluster: h.cfg.ClusterSeed, Timeout: h.cfg.RPCTimeout, Now: h.cfg.Now(),
	}
	// Providers made with our SDK pass it on when they call an actor.
	o.Trace = map[string]string{depthKey: strconv.Itoa(wasmrt.Depth(ctx))}
	if call := dash.CallOf(ctx); call != "" {
		o.Trace[callKey] = call
	}
	return lattice.Call(ctx, h.conn, o)
}

// nested counts a call from another host as deep as its caller says. Who lies
// gains nothing: without the member counting begins at 0.
func nested(ctx context.Context, inv *wasmbus.Invocation) context.Context {
	if call := inv.TraceContext[callKey]; call != "" && len(call) <= maxCallID {
		ctx = dash.Within(ctx, call)
	}
	depth, err := strconv.Atoi(inv.TraceContext[depthKey])
	if err != nil {
		return ctx
	}
	return wasmrt.WithDepth(ctx, depth)
}

// friendlyName makes the adjective-noun-number of the original hosts from the
// host's key, so that one host keeps its name.
func friendlyName(id string) string {
	adjectives := []string{"autumn", "bold", "calm", "dawn", "eager", "fresh", "gentle", "hidden", "icy", "jolly", "keen", "late", "misty", "nimble", "old", "proud", "quiet", "rapid", "still", "warm"}
	nouns := []string{"bird", "brook", "cloud", "dew", "ember", "field", "frost", "glade", "hill", "lake", "leaf", "meadow", "moon", "pine", "rain", "river", "shadow", "snow", "star", "wave"}
	sum := fnv.New32a()
	sum.Write([]byte(id))
	n := sum.Sum32()
	return fmt.Sprintf("%s-%s-%d", adjectives[n%20], nouns[n/20%20], n/400%9999+1)
}
