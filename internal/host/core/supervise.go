package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/ctl"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/events"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/policy"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// StartActor adds instances of an actor, and reports by events.
func (h *Host) StartActor(ctx context.Context, cmd wasmbus.StartActorCommand) {
	if err := h.startActor(ctx, cmd.ActorRef, int(cmd.Count), cmd.Annotations); err != nil {
		h.log.Error("actor was not started", "ref", cmd.ActorRef, "error", err)
		h.events.ActorStartFailed(events.Actor{Ref: cmd.ActorRef, Annotations: cmd.Annotations}, err)
	}
}

func (h *Host) startActor(ctx context.Context, ref string, count int, annotations map[string]string) error {
	began := h.cfg.Now()
	c, data, err := h.load(ctx, ref)
	if err != nil {
		return err
	}
	key := c.art.Subject()
	if running := h.actor(key); running == nil || running.code().digest != c.digest {
		// Outside the lock: compiling takes the most time of a start.
		if c.module, err = h.runtime.Compile(ctx, data); err != nil {
			return fmt.Errorf("%s: %w", ref, err)
		}
	}
	h.lifecycle.Lock()
	defer h.lifecycle.Unlock()
	a, err := h.place(ctx, c, count)
	if err != nil {
		h.discard(ctx, c)
		return err
	}
	h.record(ctx, c)
	ids := a.grow(count, annotations)
	h.log.Info("actor started", "actor", key, "name", c.art.Name(), "ref", ref, "digest", c.digest,
		"instances", a.count(), "took", h.since(began, time.Millisecond))
	h.events.ActorsStarted(h.about(c, annotations), ids)
	return nil
}

// place finds the running actor that c belongs to, or makes one of it. The
// lifecycle lock is held.
func (h *Host) place(ctx context.Context, c *code, count int) (*actor, error) {
	key := c.art.Subject()
	if a := h.actor(key); a != nil {
		running := a.code()
		if running.digest != c.digest {
			return nil, fmt.Errorf("actor %s runs already, from %s (%.19s…), and %s holds other code (%.19s…): "+
				"replace it (lattice update, or lattice start, which does so), or stop it first", key, running.ref, running.digest, c.ref, c.digest)
		}
		if a.count()+count > ctl.MaxInstances {
			return nil, fmt.Errorf("actor %s has %d instances: %d more are too many, the most is %d", key, a.count(), count, ctl.MaxInstances)
		}
		h.discard(ctx, c)
		return a, nil
	}
	if c.module == nil {
		return nil, fmt.Errorf("actor %s was stopped while it was being started: start it again", key)
	}
	if err := policy.Alias(c.alias(), key, h.aliasOwner(c.alias())); err != nil {
		return nil, err
	}
	return h.admit(key, c)
}

// admit makes an actor reachable. Its first instances follow.
func (h *Host) admit(key string, c *code) (*actor, error) {
	a := &actor{key: key, slots: newSlots(0, h.cfg.Queue), current: c, idle: make(chan struct{})}
	subject := wasmbus.ActorSubject(h.cfg.Lattice, key)
	unsub, err := h.bus.Subscribe(subject, subject, h.intake(a))
	if err != nil {
		return nil, fmt.Errorf("listening for calls of %s: %w", key, err)
	}
	a.unsub = unsub
	h.mu.Lock()
	h.actors[key] = a
	h.mu.Unlock()
	h.armExpiry(a, c)
	return a, nil
}

// discard closes code that is not used. Its module is nil if a running actor
// has the same.
func (h *Host) discard(ctx context.Context, c *code) {
	if c.module != nil {
		c.module.Close(ctx)
	}
}

// record publishes what the lattice is to know of an actor. An actor that
// nobody can look up still runs, so failures are only logged.
func (h *Host) record(ctx context.Context, c *code) {
	key, r := c.art.Subject(), wasmbus.NewActorRecord(c.claims())
	// The watch will say the same later; calls may come before it does.
	h.know.putClaims(key, r)
	if err := errors.Join(h.state.PutClaims(ctx, r), h.state.PutRefMap(ctx, c.ref, key)); err != nil {
		h.log.Error("claims were not published to the lattice", "actor", key, "error", err)
		return
	}
	h.events.Emit(wasmbus.EventRefMapSet, wasmbus.RefMapSet{OCIURL: c.ref, PublicKey: key})
}

// armExpiry stops the actor when its token expires.
func (h *Host) armExpiry(a *actor, c *code) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.expiry != nil {
		a.expiry.Stop()
		a.expiry = nil
	}
	if exp := c.claims().Expires; exp != 0 {
		// Valid through the whole second, see claims.CheckTime.
		wait := time.Unix(exp+1, 0).Sub(h.cfg.Now())
		a.expiry = time.AfterFunc(wait, func() { h.expire(a, c) })
	}
}

func (h *Host) expire(a *actor, c *code) {
	h.lifecycle.Lock()
	defer h.lifecycle.Unlock()
	if a.code() != c || h.actor(a.key) != a {
		return // replaced or stopped in the meantime
	}
	h.log.Error("actor stopped: its token has expired", "actor", a.key, "name", c.art.Name())
	h.stopInstances(a, 0, nil)
}

// StopActor removes instances (0 = all), and reports by events.
func (h *Host) StopActor(_ context.Context, cmd wasmbus.StopActorCommand) {
	h.lifecycle.Lock()
	defer h.lifecycle.Unlock()
	a := h.actor(cmd.ActorRef)
	if a == nil {
		h.events.ActorStopFailed(cmd.ActorRef, fmt.Errorf("actor %s does not run on this host", cmd.ActorRef))
		return
	}
	h.stopInstances(a, int(cmd.Count), cmd.Annotations)
}

// stopInstances removes n instances (0 = all); with the last one the actor
// goes, and the calls under way still end. The lifecycle lock is held.
func (h *Host) stopInstances(a *actor, n int, annotations map[string]string) {
	c := a.code()
	ids, remaining := a.shrink(n)
	if remaining == 0 {
		h.mu.Lock()
		delete(h.actors, a.key)
		h.mu.Unlock()
		a.stop(context.Background())
		h.draining.Go(func() { <-a.idle })
	}
	h.log.Info("actor stopped", "actor", a.key, "name", c.art.Name(), "stopped", len(ids), "remaining", remaining)
	h.events.ActorsStopped(h.about(c, annotations), ids, remaining)
}

// ScaleActor brings an actor to a number of instances, starting or stopping it
// if need be, and reports by events.
func (h *Host) ScaleActor(ctx context.Context, cmd wasmbus.ScaleActorCommand) {
	if err := h.scaleActor(ctx, cmd); err != nil {
		h.log.Error("actor was not scaled", "actor", cmd.ActorID, "error", err)
		about := events.Actor{Key: cmd.ActorID, Ref: cmd.ActorRef, Annotations: cmd.Annotations}
		h.events.ActorScaleFailed(about, int(cmd.Count), err)
	}
}

func (h *Host) scaleActor(ctx context.Context, cmd wasmbus.ScaleActorCommand) error {
	want := int(cmd.Count)
	if h.actor(cmd.ActorID) == nil && want > 0 {
		return h.scaleFromZero(ctx, cmd)
	}
	h.lifecycle.Lock()
	defer h.lifecycle.Unlock()
	a := h.actor(cmd.ActorID)
	if a == nil {
		return fmt.Errorf("actor %s does not run on this host", cmd.ActorID)
	}
	c := a.code()
	if cmd.ActorRef != "" && cmd.ActorRef != c.ref && want > 0 {
		return fmt.Errorf("actor %s runs from %s, not from %s: update it first", a.key, c.ref, cmd.ActorRef)
	}
	about := h.about(c, cmd.Annotations)
	switch have := a.count(); {
	case want > have:
		h.events.ActorsStarted(about, a.grow(want-have, cmd.Annotations))
	case want < have:
		h.stopInstances(a, have-want, cmd.Annotations)
	}
	h.events.ActorScaled(about, want)
	return nil
}

func (h *Host) scaleFromZero(ctx context.Context, cmd wasmbus.ScaleActorCommand) error {
	if cmd.ActorRef == "" {
		return fmt.Errorf("actor %s does not run on this host, and no reference says from where to start it", cmd.ActorID)
	}
	if err := h.startActor(ctx, cmd.ActorRef, int(cmd.Count), cmd.Annotations); err != nil {
		return err
	}
	a := h.actor(cmd.ActorID)
	if a == nil {
		return fmt.Errorf("%s holds another actor than %s, which was started", cmd.ActorRef, cmd.ActorID)
	}
	h.events.ActorScaled(h.about(a.code(), cmd.Annotations), int(cmd.Count))
	return nil
}

// UpdateActor makes all instances of a running actor run other code. Calls
// under way end in the old one.
func (h *Host) UpdateActor(ctx context.Context, cmd wasmbus.UpdateActorCommand) error {
	a := h.actor(cmd.ActorID)
	if a == nil {
		err := fmt.Errorf("actor %s does not run on this host: start it", cmd.ActorID)
		h.events.ActorUpdateFailed(cmd.ActorID, 0, err)
		return err
	}
	if err := h.updateActor(ctx, a, cmd); err != nil {
		h.log.Error("actor was not updated", "actor", a.key, "ref", cmd.NewActorRef, "error", err)
		h.events.ActorUpdateFailed(a.key, a.code().revision(), err)
		return err
	}
	return nil
}

func (h *Host) updateActor(ctx context.Context, a *actor, cmd wasmbus.UpdateActorCommand) error {
	c, data, err := h.load(ctx, cmd.NewActorRef)
	if err != nil {
		return err
	}
	if key := c.art.Subject(); key != a.key {
		return fmt.Errorf("%s is signed for %s, the running actor is %s: an update keeps the identity", c.ref, key, a.key)
	}
	if running := a.code(); running.digest == c.digest && running.ref == c.ref {
		h.log.Info("actor is up to date", "actor", a.key, "name", c.art.Name(), "ref", c.ref, "digest", c.digest)
		h.events.ActorUpdated(h.about(c, cmd.Annotations), a.instanceIDs())
		return nil
	}
	// The Elixir host wants a higher revision. While somebody edits and pushes,
	// the revision stays what it is and the digest tells that the code changed;
	// so any revision will do here.
	if c.module, err = h.runtime.Compile(ctx, data); err != nil {
		return fmt.Errorf("%s: %w", c.ref, err)
	}
	h.lifecycle.Lock()
	defer h.lifecycle.Unlock()
	if h.actor(a.key) != a {
		h.discard(ctx, c)
		return fmt.Errorf("actor %s was stopped while it was being updated", a.key)
	}
	if err := policy.Alias(c.alias(), a.key, h.aliasOwner(c.alias())); err != nil {
		h.discard(ctx, c)
		return err
	}
	before := a.code()
	ids := a.replace(ctx, c)
	h.armExpiry(a, c)
	h.record(ctx, c)
	h.log.Info("actor updated", "actor", a.key, "name", c.art.Name(), "ref", c.ref, "digest", c.digest, "was", before.digest)
	if more := gained(before, c); len(more) > 0 {
		h.log.Warn("the update lets the actor use more than before", "actor", a.key, "name", c.art.Name(), "added", more)
	}
	h.events.ActorUpdated(h.about(c, cmd.Annotations), ids)
	return nil
}

// gained are the contracts that an update adds to those an actor may use. Its
// token grants them, so it runs; whoever watches the host is to see it happen.
func gained(before, after *code) []string {
	had := before.meta().Caps
	return slices.DeleteFunc(slices.Clone(after.meta().Caps), func(contract string) bool { return slices.Contains(had, contract) })
}

// about is what events say of an actor.
func (h *Host) about(c *code, annotations map[string]string) events.Actor {
	return events.Actor{
		Key: c.art.Subject(), Ref: c.ref, Claims: events.Claims(c.claims(), h.cfg.Now()), Annotations: annotations,
	}
}

// actor finds a running actor; nil if there is none.
func (h *Host) actor(key string) *actor {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.actors[key]
}

// actorNamed finds who has a call alias: a running actor by its verified token,
// else whom a record of the lattice names. The record is a hint that decides
// nothing else: that actor's host verifies its token and our call.
func (h *Host) actorNamed(alias string) (key string, ok bool) {
	if key := h.aliasOwner(alias); key != "" {
		return key, true
	}
	return h.know.actorByAlias(alias)
}

// aliasOwner finds the running actor that has a call alias.
func (h *Host) aliasOwner(alias string) string {
	if alias == "" {
		return ""
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for key, a := range h.actors {
		if a.code().alias() == alias {
			return key
		}
	}
	return ""
}
