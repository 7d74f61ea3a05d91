package lattice

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// ProviderStartWait is how long a provider's start is waited for: archives are
// large, and wash waits as long.
const ProviderStartWait = time.Minute

// providerStopWait leaves a host the time to kill what does not end by itself.
const providerStopWait = 10 * time.Second

// ProviderOptions says what LaunchProvider starts.
type ProviderOptions struct {
	Ref           string            // OCI reference or file:// URL
	LinkName      string            // "" = default
	HostID        string            // "" = one that runs it already, else the first that bids
	Constraints   map[string]string // labels that a bidding host must have
	Annotations   map[string]string
	Configuration string        // handed to the provider
	SkipWait      bool          // return after the ack
	Wait          time.Duration // for the event; 0 = ProviderStartWait
}

// LaunchedProvider is what became of a start.
type LaunchedProvider struct {
	HostID     string
	PublicKey  string // "" with SkipWait
	ContractID string // likewise
	Replaced   string // reference of the archive that ran before; "" if none did
}

// DefaultLinkName is that of a provider or link that was given none.
const DefaultLinkName = "default"

// LaunchProvider starts a provider and waits until it runs. A host that runs
// the provider already, from the same repository and under the same link name,
// stops the old one first: two executables of one provider cannot serve side
// by side.
func (c *Control) LaunchProvider(ctx context.Context, o ProviderOptions) (*LaunchedProvider, error) {
	if o.LinkName == "" {
		o.LinkName = DefaultLinkName
	}
	if o.Wait <= 0 {
		o.Wait = ProviderStartWait
	}
	host, old, err := c.providerHost(ctx, o)
	if err != nil {
		return nil, err
	}
	replaced := ""
	if old != nil {
		replaced = old.ImageRef
		err := c.EndProvider(ctx, ProviderEnd{HostID: host, ProviderID: old.ID, LinkName: o.LinkName, ContractID: old.ContractID})
		if err != nil {
			return nil, fmt.Errorf("replacing %s (%s): %w", old.ID, old.ImageRef, err)
		}
	}
	started, err := c.launchProvider(ctx, host, o)
	if err != nil && replaced != "" {
		err = fmt.Errorf("%s (%s) was stopped, but its replacement did not start: %w", old.ID, replaced, err)
	}
	if err != nil {
		return nil, err
	}
	started.Replaced = replaced
	return started, nil
}

// providerHost finds where to start a provider, and what is to be replaced there.
func (c *Control) providerHost(ctx context.Context, o ProviderOptions) (string, *wasmbus.ProviderDescription, error) {
	if o.HostID != "" {
		inv, err := c.Inventory(ctx, o.HostID)
		if err != nil {
			return "", nil, err
		}
		return o.HostID, findProvider(inv, o), nil
	}
	// A host that runs it makes no bid, so the inventories come first.
	hosts, err := c.Hosts(ctx)
	if err != nil {
		return "", nil, err
	}
	for _, h := range hosts {
		if inv, err := c.Inventory(ctx, h.ID); err == nil {
			if old := findProvider(inv, o); old != nil {
				return h.ID, old, nil
			}
		}
	}
	host, err := c.AuctionProvider(ctx, o.Ref, o.LinkName, o.Constraints)
	return host, nil, err
}

func findProvider(inv *wasmbus.HostInventory, o ProviderOptions) *wasmbus.ProviderDescription {
	for i, p := range inv.Providers {
		if p.LinkName == o.LinkName && p.ImageRef != "" && sameRepository(p.ImageRef, o.Ref) {
			return &inv.Providers[i]
		}
	}
	return nil
}

// ProviderStartFailed is a host's event that a provider does not start.
type ProviderStartFailed struct{ Ref, HostID, Text string }

func (e *ProviderStartFailed) Error() string {
	return fmt.Sprintf("failed to start provider %s on host %s: %s", e.Ref, e.HostID, e.Text)
}

func (c *Control) launchProvider(ctx context.Context, host string, o ProviderOptions) (*LaunchedProvider, error) {
	sub, err := c.Events(ctx)
	if err != nil {
		return nil, err
	}
	defer sub.Close()
	started := &LaunchedProvider{HostID: host}
	err = c.StartProvider(ctx, wasmbus.StartProviderCommand{
		ProviderRef: o.Ref, LinkName: o.LinkName, HostID: host, Annotations: o.Annotations, Configuration: o.Configuration,
	})
	if err != nil || o.SkipWait {
		return started, err
	}
	err = waitEvent(ctx, sub, host, o.Wait, func(name string, d eventData) (bool, error) {
		switch {
		case d.LinkName != o.LinkName:
		case name == wasmbus.EventProviderStarted && d.ImageRef == o.Ref:
			started.PublicKey, started.ContractID = d.PublicKey, d.ContractID
			return true, nil
		case name == wasmbus.EventProviderFailed && d.ProviderRef == o.Ref:
			return true, &ProviderStartFailed{o.Ref, host, d.Error}
		}
		return false, nil
	})
	if err != nil {
		return nil, waited(err, "provider "+o.Ref+" to start on host "+host, o.Wait)
	}
	return started, nil
}

// ProviderEnd says which provider EndProvider stops.
type ProviderEnd struct {
	HostID, ProviderID, LinkName, ContractID string
	SkipWait                                 bool
	Wait                                     time.Duration // 0 = 10 s
}

// EndProvider stops a provider and waits until it is gone.
func (c *Control) EndProvider(ctx context.Context, o ProviderEnd) error {
	if o.LinkName == "" {
		o.LinkName = DefaultLinkName
	}
	if o.Wait <= 0 {
		o.Wait = providerStopWait
	}
	sub, err := c.Events(ctx)
	if err != nil {
		return err
	}
	defer sub.Close()
	err = c.StopProvider(ctx, wasmbus.StopProviderCommand{
		ProviderRef: o.ProviderID, LinkName: o.LinkName, ContractID: o.ContractID, HostID: o.HostID,
	})
	if err != nil || o.SkipWait {
		return err
	}
	err = waitEvent(ctx, sub, o.HostID, o.Wait, func(name string, d eventData) (bool, error) {
		switch {
		case d.PublicKey != o.ProviderID || d.LinkName != o.LinkName:
			return false, nil
		case name == wasmbus.EventProviderStopFailed:
			return true, errors.New("failed to stop provider " + o.ProviderID + ": " + d.Error)
		}
		return name == wasmbus.EventProviderStopped, nil
	})
	return waited(err, "provider "+o.ProviderID+" to stop on host "+o.HostID, o.Wait)
}
