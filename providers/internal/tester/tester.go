// Package tester is the capability provider of wasmcloud:testing. What it does for an
// actor its link says: run the actor's own tests, play a contract as a fake, or write
// down what the actor says to a real provider, so that it can be played later.
package tester

import (
	"context"
	"fmt"
	"sync"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/casefile"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	contract "github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/testing"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

// Contract is the id of the contract whose provider this is.
const Contract = "wasmcloud:testing"

// Provider serves links of every mode. Make it by New.
type Provider struct {
	host *provider.Host

	mu     sync.Mutex
	duties map[string]duty // by actor
}

// duty is what is done for one actor.
type duty interface {
	call(ctx context.Context, c provider.Call) ([]byte, error)
	stop()
}

// New makes the provider.
func New() *Provider { return &Provider{duties: map[string]duty{}} }

// Init keeps the way to the lattice.
func (p *Provider) Init(_ context.Context, h *provider.Host) error {
	p.host = h
	return nil
}

// Link begins what the link's values say.
func (p *Provider) Link(_ context.Context, link provider.LinkDefinition) error {
	s, err := readSettings(link)
	if err != nil {
		return err
	}
	var d duty
	switch s.mode {
	case modeRun:
		d = startRun(p.host, link, s)
	case modeReplay:
		d = &replay{casefile.NewPlayer(s.fakes, "the actor")}
	case modeRecord:
		if d, err = startRecording(p.host, link, s); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.duties[link.ActorID] = d
	return nil
}

// Unlink ends it.
func (p *Provider) Unlink(_ context.Context, link provider.LinkDefinition) error {
	p.mu.Lock()
	d := p.duties[link.ActorID]
	delete(p.duties, link.ActorID)
	p.mu.Unlock()
	if d != nil {
		d.stop()
	}
	return nil
}

// Call answers the actor: by a fake, or with the results of its tests.
func (p *Provider) Call(ctx context.Context, c provider.Call) ([]byte, error) {
	p.mu.Lock()
	d := p.duties[c.Link.ActorID]
	p.mu.Unlock()
	if d == nil {
		return nil, fmt.Errorf("actor %s is not linked", c.Link.ActorID)
	}
	return d.call(ctx, c)
}

// replay answers by the fakes of a case file.
type replay struct{ player *casefile.Player }

func (r *replay) call(_ context.Context, c provider.Call) ([]byte, error) {
	return r.player.Ask(casefile.Question{Contract: c.Link.ContractID, Link: c.Link.LinkName, Operation: c.Operation, Argument: c.Msg})
}

func (r *replay) stop() {}

// startOperation recognises the one operation of the contract under both its names.
func startOperation(name string) bool {
	return name == contract.TestingStartOperation || name == wasmbus.OpStart
}
