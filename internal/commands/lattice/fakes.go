package lattice

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/casefile"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

// linkPatience is how long hosts may take to tell a provider of a link.
const linkPatience = 10 * time.Second

// fakes are the fake providers of one case, linked to the actor in the lattice. They
// speak the real protocol, with its checks: what the host does is what it does with
// real ones.
type fakes struct {
	c       *caller
	running []*fake
	before  []wasmbus.LinkDefinition // real links that ours replace for the time
}

// fake implements provider.Provider.
type fake struct {
	link     wasmbus.LinkDefinition
	player   *casefile.Player
	linked   chan struct{} // closed when a host told of the link: from then on it knows it
	unlinked chan struct{}
	once     [2]sync.Once
	end      func() error
}

func (f *fake) Link(context.Context, wasmbus.LinkDefinition) error {
	f.once[0].Do(func() { close(f.linked) })
	return nil
}

func (f *fake) Unlink(context.Context, wasmbus.LinkDefinition) error {
	f.once[1].Do(func() { close(f.unlinked) })
	return nil
}

func (f *fake) Call(_ context.Context, c provider.Call) ([]byte, error) {
	return f.player.Ask(casefile.Question{Contract: c.Link.ContractID, Link: c.Link.LinkName, Operation: c.Operation, Argument: c.Msg})
}

// startFakes runs the fakes of a case and links them to the actor. Whatever it
// returns is to be closed.
func startFakes(ctx context.Context, c *caller, actor string, tc *casefile.Case, player *casefile.Player) (*fakes, error) {
	all := &fakes{c: c}
	if len(tc.Links) == 0 {
		return all, nil
	}
	known, err := c.ses.control.Links(ctx)
	if err != nil {
		return all, err
	}
	for _, l := range tc.Links {
		if i := slices.IndexFunc(known, func(k wasmbus.LinkDefinition) bool {
			return k.ActorID == actor && k.ContractID == l.Contract && k.LinkName == l.Name
		}); i >= 0 {
			all.before = append(all.before, known[i])
		}
		if err := all.start(ctx, actor, l, player); err != nil {
			return all, fmt.Errorf("%s:%d: the fake of %s: %w", tc.Path, l.Line, l.Contract, err)
		}
	}
	return all, nil
}

func (a *fakes) start(ctx context.Context, actor string, l casefile.Link, player *casefile.Player) error {
	key, err := strkey.Generate(strkey.Service, rand.Reader)
	if err != nil {
		return err
	}
	f := &fake{player: player, linked: make(chan struct{}), unlinked: make(chan struct{}), link: wasmbus.LinkDefinition{
		ActorID: actor, ProviderID: string(key.Public()), LinkName: l.Name, ContractID: l.Contract, Values: l.Values,
	}}
	if f.end, err = serve(ctx, a.c, f); err != nil {
		return err
	}
	a.running = append(a.running, f)
	if err := a.c.ses.control.PutLink(ctx, f.link); err != nil {
		return err
	}
	return f.await(ctx, f.linked, linkPatience)
}

// await waits for a message of a host.
func (f *fake) await(ctx context.Context, told <-chan struct{}, patience time.Duration) error {
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case <-told:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timeout.C:
		return fmt.Errorf("no host told it of the link within %v", patience)
	}
}

// serve runs a fake until end is called; it takes calls when this returns.
func serve(ctx context.Context, c *caller, f *fake) (end func() error, err error) {
	// An interrupted test still takes its links back, in order.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ready, done := make(chan struct{}), make(chan error, 1)
	data := provider.HostData{
		HostID: string(c.hostKey.Public()), LatticeRPCPrefix: c.ses.place.lattice, LinkName: f.link.LinkName, ProviderKey: f.link.ProviderID,
		InvocationSeed: c.cluster.Reveal(), ClusterIssuers: []string{string(c.cluster.Public())}, InstanceID: wasmbus.NewUUID(),
		DefaultRPCTimeoutMS: uint64(c.ses.timeout.Milliseconds()),
	}
	go func() {
		done <- provider.Run(ctx, data, f, provider.Options{
			Log: io.Discard, Now: c.ses.io.Now, Conn: c.ses.conn, Ready: func(*provider.Host) { close(ready) },
		})
	}()
	end = func() error { cancel(); return <-done }
	select {
	case <-ready:
		return end, nil
	case err := <-done:
		cancel()
		return nil, err
	}
}

// close takes the links back, restores what was there before, and ends the fakes.
func (a *fakes) close(ctx context.Context) error {
	if len(a.running) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), linkPatience)
	defer cancel()
	var errs []error
	control := a.c.ses.control
	for _, f := range a.running {
		err := control.DeleteLink(ctx, f.link.ActorID, f.link.ContractID, f.link.LinkName)
		if err == nil {
			// The next case must not meet this link in a host that is late.
			err = f.await(ctx, f.unlinked, linkPatience)
		}
		errs = append(errs, err, f.end())
	}
	for _, l := range a.before {
		errs = append(errs, control.PutLink(ctx, l))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("taking the links of the fakes back: %w", err)
	}
	return nil
}
