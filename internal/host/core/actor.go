package core

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmrt"
)

// code is one verified, compiled version of an actor.
type code struct {
	ref    string // as it was asked for
	digest string // sha256:… of the file
	art    *artifact.Artifact
	module *wasmrt.Module
	users  int  // calls that run it; guarded by its actor
	old    bool // replaced or stopped: closed with the last call
}

func (c *code) claims() *claims.Claims[claims.Actor] { return c.art.Actor }

func (c *code) meta() claims.Actor {
	if m := c.art.Actor.Metadata; m != nil {
		return *m
	}
	return claims.Actor{}
}

func (c *code) alias() string {
	if a := c.meta().CallAlias; a != nil {
		return *a
	}
	return ""
}

func (c *code) revision() int32 {
	if r := c.meta().Rev; r != nil {
		return *r
	}
	return 0
}

// instance is one unit of an actor's concurrency. Each call has a fresh wasm
// instance; these are what start, scale and stop commands count.
type instance struct {
	id          string
	annotations map[string]string
}

// actor is a running actor.
type actor struct {
	key   string
	slots *slots
	unsub func()

	mu        sync.Mutex
	current   *code
	instances []instance
	expiry    *time.Timer
	stopped   bool
	active    int           // calls under way or waiting
	idle      chan struct{} // closed once stopped and no call is active
}

var errStopped = errors.New("the actor was stopped")

// enter starts a call: the code is kept open until leave.
func (a *actor) enter() (*code, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped {
		return nil, errStopped
	}
	a.active++
	a.current.users++
	return a.current, nil
}

func (a *actor) leave(ctx context.Context, c *code) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.active--
	c.users--
	if c.old && c.users == 0 {
		c.module.Close(ctx)
	}
	if a.stopped && a.active == 0 {
		close(a.idle)
	}
}

// retire closes code that is no longer current once its last call has ended.
// a.mu is held.
func (a *actor) retire(ctx context.Context, c *code) {
	c.old = true
	if c.users == 0 {
		c.module.Close(ctx)
	}
}

// replace makes new calls run c; calls under way end in the old code.
func (a *actor) replace(ctx context.Context, c *code) (ids []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	old := a.current
	a.current = c
	a.retire(ctx, old)
	return a.ids()
}

// code returns the current code.
func (a *actor) code() *code {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.current
}

// ids lists the instance ids. a.mu is held.
func (a *actor) ids() []string {
	out := make([]string, len(a.instances))
	for i, in := range a.instances {
		out[i] = in.id
	}
	return out
}

func (a *actor) instanceIDs() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ids()
}

func (a *actor) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.instances)
}

// grow adds n instances and returns their ids.
func (a *actor) grow(n int, annotations map[string]string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = wasmbus.NewUUID()
		a.instances = append(a.instances, instance{ids[i], annotations})
	}
	a.slots.resize(len(a.instances))
	return ids
}

// shrink removes the n newest instances (all for 0) and returns their ids and
// how many remain. With none left the actor takes no more calls.
func (a *actor) shrink(n int) (ids []string, remaining int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	remaining = len(a.instances) - n
	if n == 0 || remaining < 0 {
		remaining = 0
	}
	ids = a.ids()[remaining:]
	a.instances = a.instances[:remaining]
	if remaining > 0 {
		a.slots.resize(remaining)
	}
	return ids, remaining
}

// stop refuses new calls; a.idle is closed once those under way have ended.
func (a *actor) stop(ctx context.Context) {
	a.unsub()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped {
		return
	}
	a.stopped = true
	if a.expiry != nil {
		a.expiry.Stop()
	}
	a.retire(ctx, a.current)
	if a.active == 0 {
		close(a.idle)
	}
}

// describe is the actor's entry in the inventory.
func (a *actor) describe() wasmbus.ActorDescription {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.current
	d := wasmbus.ActorDescription{ID: a.key, ImageRef: c.ref, Name: c.meta().Name, Digest: c.digest, Instances: []wasmbus.ActorInstance{}}
	for _, in := range a.instances {
		notes := in.annotations
		if notes == nil {
			notes = map[string]string{}
		}
		d.Instances = append(d.Instances, wasmbus.ActorInstance{Annotations: notes, InstanceID: in.id, Revision: c.revision()})
	}
	return d
}
