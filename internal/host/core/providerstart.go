package core

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/policy"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// ProviderConflict says why a start command cannot be accepted at all: what it
// names runs here already. What only the archive tells is reported by an event.
func (h *Host) ProviderConflict(cmd wasmbus.StartProviderCommand) error {
	for _, p := range h.capabilities() {
		if p.code.ref == cmd.ProviderRef && p.entity.LinkName == cmd.LinkName {
			return alreadyRuns(p)
		}
	}
	return nil
}

// BidsProvider says whether this host would run a provider under these
// constraints. It does not while it runs that one under that link name.
func (h *Host) BidsProvider(req wasmbus.ProviderAuctionRequest) bool {
	if h.ProviderConflict(wasmbus.StartProviderCommand{ProviderRef: req.ProviderRef, LinkName: req.LinkName}) != nil {
		return false
	}
	return h.Bids(req.Constraints)
}

// StartProvider starts a provider, and reports by events.
func (h *Host) StartProvider(ctx context.Context, cmd wasmbus.StartProviderCommand) {
	if err := h.startProvider(ctx, cmd); err != nil {
		h.log.Error("provider was not started", "ref", cmd.ProviderRef, "link", cmd.LinkName, "error", err)
		h.events.ProviderStartFailed(cmd.ProviderRef, cmd.LinkName, err)
	}
}

func (h *Host) startProvider(ctx context.Context, cmd wasmbus.StartProviderCommand) error {
	began := h.cfg.Now()
	code, err := h.loadProvider(ctx, cmd.ProviderRef)
	if err != nil {
		return err
	}
	p := &capability{
		entity:      wasmbus.Entity{PublicKey: code.claims.Subject, LinkName: cmd.LinkName, ContractID: code.meta().CapID},
		code:        code,
		annotations: cmd.Annotations, configuration: cmd.Configuration,
		stopping: make(chan struct{}), gone: make(chan struct{}),
	}
	if err := policy.Provider(p.entity); err != nil {
		return fmt.Errorf("%s: %w", code.ref, err)
	}
	if err := h.admitProvider(p); err != nil {
		return err
	}
	run, err := h.launch(ctx, p)
	if err != nil {
		h.forgetProvider(p)
		close(p.gone)
		return err
	}
	h.recordProvider(ctx, p)
	h.log.Info("provider started", "provider", p.entity.PublicKey, "name", code.name(), "contract", p.entity.ContractID, "link", p.entity.LinkName,
		"ref", code.ref, "pid", run.process.PID(), "took", h.since(began, time.Millisecond))
	h.events.ProviderStarted(p.about(h, run))
	h.attending.Go(func() { h.keep(p, run) })
	return nil
}

// recordProvider publishes what the lattice is to know of a provider. One that
// nobody can look up still works, so failures are only logged.
func (h *Host) recordProvider(ctx context.Context, p *capability) {
	r := wasmbus.NewProviderRecord(p.code.claims)
	key := p.entity.PublicKey
	if err := errors.Join(h.state.PutClaims(ctx, r), h.state.PutRefMap(ctx, p.code.ref, key)); err != nil {
		h.log.Error("claims were not published to the lattice", "provider", key, "error", err)
		return
	}
	h.events.Emit(wasmbus.EventRefMapSet, wasmbus.RefMapSet{OCIURL: p.code.ref, PublicKey: key})
}

// StopProvider stops a provider, and reports by events.
func (h *Host) StopProvider(_ context.Context, cmd wasmbus.StopProviderCommand) {
	p := h.capabilityOf(cmd.ProviderRef, cmd.LinkName)
	if p == nil || cmd.ContractID != "" && cmd.ContractID != p.entity.ContractID {
		err := fmt.Errorf("provider %s does not run on this host under link name %q", cmd.ProviderRef, cmd.LinkName)
		if p != nil {
			err = fmt.Errorf("provider %s runs under link name %q as %s, not as %s", cmd.ProviderRef, cmd.LinkName, p.entity.ContractID, cmd.ContractID)
		}
		h.log.Warn("provider was not stopped", "error", err)
		h.events.ProviderStopFailed(wasmbus.Entity{PublicKey: cmd.ProviderRef, LinkName: cmd.LinkName, ContractID: cmd.ContractID}, err)
		return
	}
	p.stop()
	<-p.gone
}
