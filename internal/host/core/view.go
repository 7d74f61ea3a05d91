package core

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/dash"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// The methods below are what the dashboard asks of a host (dash.Host). Commands
// take the way that wash's take, over the control interface: so they reach every
// host of the lattice alike, and return when its event says that the work is done.

var _ dash.Host = (*view)(nil)

// view is a host as its dashboard sees it.
type view struct{ h *Host }

// View gives the host to its dashboard, once it is ready.
func (h *Host) View() dash.Host { return &view{h} }

func (v *view) control() *lattice.Control {
	return lattice.NewControl(v.h.conn, lattice.ControlConfig{Lattice: v.h.cfg.Lattice, Prefix: v.h.cfg.CtlPrefix})
}

// Describe implements dash.Host.
func (v *view) Describe() wasmbus.Host { return v.h.Describe() }

// Ready implements dash.Host.
func (v *view) Ready(context.Context) error {
	select {
	case <-v.h.ready:
	default:
		return errors.New("the host is starting")
	}
	if nc := v.h.conn.NATS(); !nc.IsConnected() {
		return fmt.Errorf("the connection to the NATS server at %s is lost: %s", v.h.natsURL(), nc.Status())
	}
	return nil
}

// Lattice implements dash.Host. The own host needs no network; the others are
// asked side by side.
func (v *view) Lattice(ctx context.Context) dash.Lattice {
	var l dash.Lattice
	var mu sync.Mutex
	var wait sync.WaitGroup
	try := func(what string, ask func() error) {
		wait.Go(func() {
			if err := ask(); err != nil {
				mu.Lock()
				defer mu.Unlock()
				l.Problems = append(l.Problems, what+": "+err.Error())
			}
		})
	}
	var others []dash.HostView
	try("hosts", func() (err error) { others, err = v.others(ctx); return err })
	try("links", func() (err error) { l.Links, err = v.h.Links(ctx); return err })
	try("claims", func() (err error) { l.Claims, err = v.h.Claims(ctx); return err })
	wait.Wait()
	own := v.h.Inventory()
	self := dash.HostView{Host: v.h.Describe(), Self: true, Actors: own.Actors, Providers: own.Providers}
	l.Hosts = append([]dash.HostView{self}, others...)
	if l.Links == nil {
		l.Links = []wasmbus.LinkDefinition{}
	}
	if l.Claims == nil {
		l.Claims = []wasmbus.ClaimsRecord{}
	}
	if l.Problems == nil {
		l.Problems = []string{}
	}
	slices.SortFunc(l.Links, func(a, b wasmbus.LinkDefinition) int {
		return cmp.Or(cmp.Compare(a.ActorID, b.ActorID), cmp.Compare(a.ContractID, b.ContractID), cmp.Compare(a.LinkName, b.LinkName))
	})
	slices.SortFunc(l.Claims, func(a, b wasmbus.ClaimsRecord) int {
		return cmp.Or(cmp.Compare(a[wasmbus.ClaimName], b[wasmbus.ClaimName]), cmp.Compare(a[wasmbus.ClaimSubject], b[wasmbus.ClaimSubject]))
	})
	return l
}

func (v *view) others(ctx context.Context) ([]dash.HostView, error) {
	ctl := v.control()
	hosts, err := ctl.Hosts(ctx)
	hosts = slices.DeleteFunc(hosts, func(h wasmbus.Host) bool { return h.ID == v.h.id })
	slices.SortFunc(hosts, func(a, b wasmbus.Host) int { return cmp.Compare(a.ID, b.ID) })
	views := make([]dash.HostView, len(hosts))
	var wait sync.WaitGroup
	for i, h := range hosts {
		views[i] = dash.HostView{Host: h, Actors: []wasmbus.ActorDescription{}, Providers: []wasmbus.ProviderDescription{}}
		wait.Go(func() {
			if inv, err := ctl.Inventory(ctx, h.ID); err == nil { // else it has just gone
				views[i].Actors = append(views[i].Actors, inv.Actors...)
				views[i].Providers = append(views[i].Providers, inv.Providers...)
			}
		})
	}
	wait.Wait()
	return views, err
}

// PutLink implements dash.Host.
func (v *view) PutLink(ctx context.Context, l wasmbus.LinkDefinition) error {
	return v.h.PutLink(ctx, l)
}

// DeleteLink implements dash.Host.
func (v *view) DeleteLink(ctx context.Context, actor, contract, link string) error {
	return v.h.DeleteLink(ctx, actor, contract, link)
}

// on gives the host to command, and refuses to send another one to a file here.
func (v *view) on(host, ref string) (string, error) {
	host = cmp.Or(host, v.h.id)
	if path, isFile := filePath(ref); isFile && host != v.h.id && v.h.uploaded(path) {
		return "", errors.New("an uploaded file is on this host's machine alone: start it on this host, or push it to a registry that the other reaches")
	}
	return host, nil
}

// uploaded says whether a file is one that the dashboard has verified.
func (h *Host) uploaded(path string) bool {
	if h.cfg.UploadDir == "" {
		return false
	}
	rel, err := filepath.Rel(h.cfg.UploadDir, filepath.Clean(path))
	return err == nil && filepath.IsLocal(rel)
}

// StartActor implements dash.Host.
func (v *view) StartActor(ctx context.Context, s dash.StartActor) (dash.Started, error) {
	host, err := v.on(s.Host, s.Ref)
	if err != nil {
		return dash.Started{}, err
	}
	ctl := v.control()
	st, err := ctl.Start(ctx, lattice.StartOptions{Ref: s.Ref, HostID: host, Annotations: s.Annotations, Count: uint16(s.Count)})
	if err != nil {
		return dash.Started{}, err
	}
	if st.Instances != s.Count { // it was replaced, and replacing keeps their number
		err = ctl.Scale(ctx, wasmbus.ScaleActorCommand{ActorID: st.PublicKey, ActorRef: s.Ref, Count: uint16(s.Count), HostID: host, Annotations: s.Annotations}, 0)
	}
	return dash.Started{Host: host, Key: st.PublicKey, Replaced: st.Replaced}, err
}

// ScaleActor implements dash.Host.
func (v *view) ScaleActor(ctx context.Context, host, actor, ref string, count int) error {
	host, err := v.on(host, ref)
	if err != nil {
		return err
	}
	return v.control().Scale(ctx, wasmbus.ScaleActorCommand{ActorID: actor, ActorRef: ref, Count: uint16(count), HostID: host}, 0)
}

// UpdateActor implements dash.Host.
func (v *view) UpdateActor(ctx context.Context, host, actor, ref string) error {
	host, err := v.on(host, ref)
	if err != nil {
		return err
	}
	ctl := lattice.NewControl(v.h.conn, lattice.ControlConfig{Lattice: v.h.cfg.Lattice, Prefix: v.h.cfg.CtlPrefix, Timeout: lattice.StartWait})
	return ctl.UpdateActor(ctx, wasmbus.UpdateActorCommand{ActorID: actor, HostID: host, NewActorRef: ref})
}

// StopActor implements dash.Host.
func (v *view) StopActor(ctx context.Context, host, actor string) error {
	return v.control().Stop(ctx, lattice.StopOptions{HostID: cmp.Or(host, v.h.id), ActorID: actor})
}

// StartProvider implements dash.Host.
func (v *view) StartProvider(ctx context.Context, s dash.StartProvider) (dash.Started, error) {
	host, err := v.on(s.Host, s.Ref)
	if err != nil {
		return dash.Started{}, err
	}
	started, err := v.control().LaunchProvider(ctx, lattice.ProviderOptions{
		Ref: s.Ref, LinkName: s.Link, HostID: host, Annotations: s.Annotations, Configuration: s.Configuration,
	})
	if err != nil {
		return dash.Started{}, err
	}
	return dash.Started{Host: host, Key: started.PublicKey, Replaced: started.Replaced}, nil
}

// StopProvider implements dash.Host.
func (v *view) StopProvider(ctx context.Context, host, provider, contract, link string) error {
	return v.control().EndProvider(ctx, lattice.ProviderEnd{
		ContractID: contract, HostID: cmp.Or(host, v.h.id), LinkName: link, ProviderID: provider,
	})
}

// Call implements dash.Host.
func (v *view) Call(ctx context.Context, c dash.Call) ([]byte, error) {
	key := c.Target
	if _, err := strkey.ParsePublic(key, strkey.Module); err != nil {
		owner, ok := v.h.actorNamed(key)
		if !ok {
			return nil, fmt.Errorf("no actor has the key or call alias %q: start it first", key)
		}
		key = owner
	}
	reply, err := lattice.Call(ctx, v.h.conn, lattice.CallOptions{
		Lattice: v.h.cfg.Lattice, Target: wasmbus.Actor(key), Operation: c.Operation, Payload: c.Payload, ID: c.ID,
		HostKey: v.h.cfg.HostSeed, Cluster: v.h.cfg.ClusterSeed, Timeout: cmp.Or(c.Timeout, v.h.cfg.RPCTimeout), Now: v.h.cfg.Now(),
	})
	if errors.Is(err, lattice.ErrNobody) {
		err = fmt.Errorf("%w: start the actor first", err)
	}
	return reply, err
}

// Watch implements dash.Host.
func (v *view) Watch(ctx context.Context, put func(dash.Message)) error {
	events, err := lattice.SubscribeEvents(ctx, v.h.conn, v.h.cfg.Lattice)
	if err != nil {
		return err
	}
	defer events.Close()
	logs, err := lattice.SubscribeLogs(ctx, v.h.conn, v.h.cfg.Lattice)
	if err != nil {
		return err
	}
	defer logs.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var logErr error
	var wait sync.WaitGroup
	wait.Go(func() {
		defer cancel()
		for {
			line, err := logs.NextLog(ctx)
			if err != nil {
				logErr = err
				return
			}
			put(dash.LogMessage(line))
		}
	})
	for {
		e, err := events.Next(ctx)
		if err != nil {
			cancel()
			wait.Wait()
			return errors.Join(err, logErr)
		}
		// This host beats whenever it is asked for the lattice, which the page does
		// all the time: that would drive everything else out.
		if e.Name() != wasmbus.EventHostHeartbeat || e.Source != v.h.id {
			put(dash.EventMessage(e))
		}
	}
}

// span says of an actor's call of its host what a trace shows.
func (g *guestHost) span(binding, namespace, operation string, payload []byte) dash.Span {
	s := dash.Span{Call: g.call, Kind: dash.SpanHostCall, Name: namespace, Operation: operation, In: len(payload)}
	if strings.HasPrefix(namespace, builtinPrefix) {
		s.Kind = dash.SpanBuiltin
		return s
	}
	if link, ok := g.h.know.provider(g.a.key, namespace, binding); ok {
		s.Kind, s.Target, s.Contract, s.Link = dash.SpanLink, link.ProviderID, link.ContractID, link.LinkName
	}
	return s
}

// callRemote calls a provider, or an actor of another host, and traces that.
func (g *guestHost) callRemote(ctx context.Context, to wasmbus.Entity, operation string, payload []byte) ([]byte, error) {
	s := dash.Span{Call: g.call, Kind: dash.SpanRemote, Target: to.PublicKey, Operation: operation, In: len(payload)}
	if to.ContractID != "" {
		s.Kind, s.Contract, s.Link = dash.SpanProvider, to.ContractID, to.LinkName
	}
	s.Name = g.h.know.name(to.PublicKey)
	ctx, span := g.h.cfg.Traces.Begin(ctx, s)
	out, err := g.h.callRemote(ctx, g.a.key, to, operation, payload)
	span.End(len(out), err)
	return out, err
}

// name is what the lattice's claims call an actor or provider; "" if unknown.
func (k *knowledge) name(key string) string {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.claims[key][wasmbus.ClaimName]
}
