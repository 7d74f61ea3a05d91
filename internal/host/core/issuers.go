package core

import (
	"crypto/rand"
	"sync"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// issuers are the keys with which providers of this host sign their calls. Each
// may speak for its own provider alone: with the cluster seed, which the
// original hosts hand to every provider, one could speak for anybody.
type issuers struct {
	mu    sync.RWMutex
	bound map[strkey.PublicKey]wasmbus.Entity
}

func newIssuers() *issuers { return &issuers{bound: map[strkey.PublicKey]wasmbus.Entity{}} }

// mint makes a key for one run of a provider.
func (i *issuers) mint(origin wasmbus.Entity) (*strkey.Seed, error) {
	seed, err := strkey.Generate(strkey.Cluster, rand.Reader)
	if err != nil {
		return nil, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.bound[seed.Public()] = origin
	return seed, nil
}

// drop makes a key worthless. One that was not minted is left alone.
func (i *issuers) drop(key strkey.PublicKey) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.bound, key)
}

// origin says for whom a key may speak.
func (i *issuers) origin(key strkey.PublicKey) (wasmbus.Entity, bool) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	e, ok := i.bound[key]
	return e, ok
}
