package core

import (
	"cmp"
	"maps"
	"strings"
	"sync"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// knowledge is what the lattice's bucket holds, kept up to date by the watch:
// calls ask it several times each and cannot wait for the network.
type knowledge struct {
	mu      sync.RWMutex
	links   map[string]wasmbus.LinkDefinition // by link id
	claims  map[string]wasmbus.ClaimsRecord   // by public key
	aliases map[string]string                 // call alias to M… key; the last writer has it
}

func newKnowledge() *knowledge {
	return &knowledge{
		links:   map[string]wasmbus.LinkDefinition{},
		claims:  map[string]wasmbus.ClaimsRecord{},
		aliases: map[string]string{},
	}
}

// putLink notes a link, new or changed, and returns what it was.
func (k *knowledge) putLink(l wasmbus.LinkDefinition) (old wasmbus.LinkDefinition, known bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	old, known = k.links[l.ID()]
	k.links[l.ID()] = l
	return old, known
}

// dropLink forgets a link and returns what it was.
func (k *knowledge) dropLink(id string) (wasmbus.LinkDefinition, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	l, ok := k.links[id]
	delete(k.links, id)
	return l, ok
}

func (k *knowledge) putClaims(key string, r wasmbus.ClaimsRecord) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.forgetAlias(key)
	k.claims[key] = r
	if alias := r[wasmbus.ClaimAlias]; alias != "" {
		k.aliases[alias] = key
	}
}

func (k *knowledge) dropClaims(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.forgetAlias(key)
	delete(k.claims, key)
}

// forgetAlias: k.mu is held.
func (k *knowledge) forgetAlias(key string) {
	if alias := k.claims[key][wasmbus.ClaimAlias]; k.aliases[alias] == key {
		delete(k.aliases, alias)
	}
}

// provider finds the link of an actor under a contract and link name.
func (k *knowledge) provider(actor, contract, link string) (wasmbus.LinkDefinition, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	l, ok := k.links[wasmbus.LinkID(actor, contract, link)]
	return l, ok
}

// linksOf lists the links of a provider under its link name and contract.
func (k *knowledge) linksOf(p wasmbus.Entity) []wasmbus.LinkDefinition {
	k.mu.RLock()
	defer k.mu.RUnlock()
	var out []wasmbus.LinkDefinition
	for _, l := range k.links {
		if l.ProviderID == p.PublicKey && l.LinkName == p.LinkName && l.ContractID == p.ContractID {
			out = append(out, l)
		}
	}
	return out
}

func sameLink(a, b wasmbus.LinkDefinition) bool {
	return a.ID() == b.ID() && a.ProviderID == b.ProviderID && maps.Equal(a.Values, b.Values)
}

func compareLinks(a, b wasmbus.LinkDefinition) int { return cmp.Compare(a.ID(), b.ID()) }

// Linked implements policy.Lattice.
func (k *knowledge) Linked(actor, provider, contract, link string) bool {
	l, ok := k.provider(actor, contract, link)
	return ok && l.ProviderID == provider
}

// KnownActor implements policy.Lattice.
func (k *knowledge) KnownActor(key string) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	_, ok := k.claims[key]
	return ok && strings.HasPrefix(key, "M")
}

// actorByAlias finds who has a call alias.
func (k *knowledge) actorByAlias(alias string) (string, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	key, ok := k.aliases[alias]
	return key, ok
}
