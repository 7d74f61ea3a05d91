package core

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/events"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/provider"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// providerCode is one verified executable, placed where it can be run.
type providerCode struct {
	ref    string // as it was asked for
	hash   string // of the executable for this machine, upper hex
	path   string
	claims *claims.Claims[claims.Provider]
}

func (c *providerCode) meta() claims.Provider {
	if m := c.claims.Metadata; m != nil {
		return *m
	}
	return claims.Provider{}
}

func (c *providerCode) name() string {
	if n := c.meta().Name; n != nil {
		return *n
	}
	return ""
}

// providerID is what tells the providers of one host apart: the same one may
// run under several link names, which are configured and called separately.
type providerID struct{ key, link string }

// capability is a provider that is to run here: between two runs of its process
// it is still there.
type capability struct {
	entity        wasmbus.Entity
	code          *providerCode
	annotations   map[string]string
	configuration string // of the start command

	stopOnce sync.Once
	stopping chan struct{} // closed by stop
	gone     chan struct{} // closed when nothing of it is left

	mu       sync.Mutex
	run      *providerRun
	restarts int
}

// providerRun is one life of a provider's process.
type providerRun struct {
	instance string // UUID, new with each run
	issuer   *strkey.Seed
	process  *provider.Process
	began    time.Time
	healthy  *bool // by the last check; nil before the first
	// Guarded by its capability.
	told  map[string]wasmbus.LinkDefinition // links that it knows of, by id
	hears bool                              // what it is told; not before it serves, nor while it is not well
}

func (p *capability) id() providerID { return providerID{p.entity.PublicKey, p.entity.LinkName} }

func (p *capability) stop() { p.stopOnce.Do(func() { close(p.stopping) }) }

func (p *capability) setRun(r *providerRun) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.run = r
}

// noteLink remembers that the running process was told of a link, or of its end.
// What it may not have heard tellLinks says again.
func (p *capability) noteLink(l wasmbus.LinkDefinition, deleted bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.run == nil || !p.run.hears:
	case deleted:
		delete(p.run.told, l.ID())
	default:
		p.run.told[l.ID()] = l
	}
}

// missesLinks says that the process may not hear what it is told, until tellLinks.
func (p *capability) missesLinks(run *providerRun) {
	p.mu.Lock()
	defer p.mu.Unlock()
	run.hears = false
}

// describe is the provider's entry in the inventory.
func (p *capability) describe() wasmbus.ProviderDescription {
	notes := p.annotations
	if notes == nil {
		notes = map[string]string{}
	}
	d := wasmbus.ProviderDescription{
		Annotations: notes, ID: p.entity.PublicKey, ImageRef: p.code.ref,
		ContractID: p.entity.ContractID, LinkName: p.entity.LinkName, Name: p.code.name(),
		Digest: "sha256:" + strings.ToLower(p.code.hash),
	}
	if r := p.code.meta().Rev; r != nil {
		d.Revision = *r
	}
	return d
}

// about is what events say of a run.
func (p *capability) about(h *Host, r *providerRun) events.Provider {
	return events.Provider{
		Entity: p.entity, Ref: p.code.ref, Instance: r.instance,
		Claims: events.ProviderClaims(p.code.claims, h.cfg.Now()), Annotations: p.annotations,
	}
}

// capabilityOf finds a provider of this host; nil if it has none of that name.
func (h *Host) capabilityOf(key, link string) *capability {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.providers[providerID{key, link}]
}

// capabilities lists the providers in the order of their keys and link names.
func (h *Host) capabilities() []*capability {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.SortedFunc(maps.Values(h.providers), func(a, b *capability) int {
		return cmp.Or(cmp.Compare(a.entity.PublicKey, b.entity.PublicKey), cmp.Compare(a.entity.LinkName, b.entity.LinkName))
	})
}

// admitProvider makes room for a provider, or says who has it.
func (h *Host) admitProvider(p *capability) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, other := range h.providers {
		switch {
		case other.entity.PublicKey != p.entity.PublicKey:
		case other.entity.LinkName == p.entity.LinkName:
			return alreadyRuns(other)
		case other.entity.ContractID != p.entity.ContractID:
			return fmt.Errorf("provider %s runs already under link name %q as %s, and %s says that it is %s: one key is one provider, sign it with another",
				p.entity.PublicKey, other.entity.LinkName, other.entity.ContractID, p.code.ref, p.entity.ContractID)
		}
	}
	h.providers[p.id()] = p
	return nil
}

func alreadyRuns(p *capability) error {
	return fmt.Errorf("provider %s runs already under link name %q, from %s: stop it first, or start it under another link name",
		p.entity.PublicKey, p.entity.LinkName, p.code.ref)
}

func (h *Host) forgetProvider(p *capability) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.providers[p.id()] == p {
		delete(h.providers, p.id())
	}
}
