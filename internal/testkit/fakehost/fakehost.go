// Package fakehost is a small host that speaks the lattice protocol and runs
// Go functions instead of wasm. Tests of the clients use it because it shares
// no code with our host beyond the wire vocabulary, and because it can behave
// like hosts that cannot be run here.
package fakehost

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// Actor is code that a reference stands for.
type Actor struct {
	Key      string // M…
	Name     string
	Alias    string
	Revision int32
	// Handle answers an operation. log publishes a log line of the call.
	Handle func(op string, payload []byte, log func(level, text string)) ([]byte, error)
}

// Config describes a host. Its maps are read only.
type Config struct {
	Lattice   string
	Refs      map[string]Actor  // what can be started
	Elixir    bool              // behave like the Elixir host: update needs a higher revision, no plural events, bytes as str
	Labels    map[string]string // auctions are answered only for these
	Refuse    string            // refuse every command with this text
	NoBucket  bool              // make no KV bucket
	StartFail string            // accept starts, then publish a failure with this text
}

// Host is a running fake.
type Host struct {
	ID      string
	Key     *strkey.Seed
	Cluster *strkey.Seed
	cfg     Config
	conn    *lattice.Conn
	state   *lattice.State
	control wasmbus.Control

	mu      sync.Mutex
	running map[string]*running // by M… key
	seen    []string            // subjects of commands, relative to the base
	stopped bool
}

type running struct {
	ref   string
	actor Actor
	ids   []string
	sub   *nats.Subscription
}

// Start runs a host on the server until the test ends.
func Start(t testing.TB, server *embedded.Server, cfg Config) *Host {
	t.Helper()
	if cfg.Lattice == "" {
		cfg.Lattice = wasmbus.DefaultLattice
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	conn, err := lattice.Connect(ctx, lattice.ConnectConfig{InProcess: server, Name: "fakehost"})
	must(t, err)
	h := &Host{Key: seed(t, strkey.Server), Cluster: seed(t, strkey.Cluster), cfg: cfg, conn: conn, running: map[string]*running{}}
	h.ID = string(h.Key.Public())
	h.control = wasmbus.Control{Lattice: cfg.Lattice}
	if !cfg.NoBucket {
		h.state, err = lattice.OpenState(ctx, conn, cfg.Lattice)
		must(t, err)
	}
	_, err = conn.NATS().Subscribe(h.control.All(), h.serve)
	must(t, err)
	must(t, conn.NATS().FlushTimeout(10*time.Second))
	t.Cleanup(conn.Close)
	return h
}

func seed(t testing.TB, k strkey.Kind) *strkey.Seed {
	s, err := strkey.Generate(k, rand.Reader)
	must(t, err)
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Commands are the subjects of the commands received, without their base.
func (h *Host) Commands() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.seen)
}

// Instances counts the instances of an actor.
func (h *Host) Instances(key string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.running[key]; r != nil {
		return len(r.ids)
	}
	return 0
}

func (h *Host) reply(m *nats.Msg, v any) {
	b, err := wasmbus.EncodeJSON(v)
	if err == nil && m.Reply != "" {
		_ = m.Respond(b)
	}
}

func (h *Host) emit(name string, data any) {
	_ = h.conn.NATS().Publish(wasmbus.EventSubject(h.cfg.Lattice), wasmbus.NewEvent(h.ID, name, data, time.Now()))
}

func (h *Host) serve(m *nats.Msg) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped {
		return
	}
	rel := m.Subject[len(h.control.Base())+1:]
	c := h.control
	switch m.Subject {
	case c.PingHosts():
		h.reply(m, wasmbus.Host{ID: h.ID, UptimeSeconds: 7, FriendlyName: "fake-host-1", Labels: h.cfg.Labels, LatticePrefix: h.cfg.Lattice, Version: "0.0.0",
			ClusterIssuers: string(h.Cluster.Public())})
		return
	case c.Inventory(h.ID):
		h.reply(m, h.inventory())
		return
	case c.Claims():
		h.reply(m, wasmbus.ClaimsReply{Claims: h.claims()})
		return
	case c.Links():
		links := []wasmbus.LinkDefinition{}
		if h.state != nil {
			links, _ = h.state.Links(context.Background())
		}
		h.reply(m, wasmbus.LinksReply{Links: links})
		return
	case c.AuctionActor():
		h.auction(m)
		return
	}
	h.seen = append(h.seen, rel)
	if h.cfg.Refuse != "" {
		h.reply(m, wasmbus.Ack{Error: h.cfg.Refuse})
		return
	}
	if err := h.command(m); err != nil {
		h.reply(m, wasmbus.Ack{Error: err.Error()})
		return
	}
}

func (h *Host) inventory() wasmbus.HostInventory {
	inv := wasmbus.HostInventory{HostID: h.ID, Labels: h.cfg.Labels, Actors: []wasmbus.ActorDescription{}, Providers: []wasmbus.ProviderDescription{}}
	if inv.Labels == nil {
		inv.Labels = map[string]string{}
	}
	for _, key := range slices.Sorted(maps.Keys(h.running)) {
		r := h.running[key]
		d := wasmbus.ActorDescription{ID: key, ImageRef: r.ref, Name: r.actor.Name}
		for _, id := range r.ids {
			d.Instances = append(d.Instances, wasmbus.ActorInstance{Annotations: map[string]string{}, InstanceID: id, Revision: r.actor.Revision})
		}
		inv.Actors = append(inv.Actors, d)
	}
	return inv
}

func (h *Host) claims() []wasmbus.ClaimsRecord {
	out := []wasmbus.ClaimsRecord{}
	for _, key := range slices.Sorted(maps.Keys(h.running)) {
		r := h.running[key]
		out = append(out, wasmbus.ClaimsRecord{
			"call_alias": r.actor.Alias, "caps": "", "contract_id": "", "iss": "AISSUER", "name": r.actor.Name,
			"rev": fmt.Sprint(r.actor.Revision), "sub": key, "tags": "", "version": "",
		})
	}
	return out
}

func (h *Host) auction(m *nats.Msg) {
	var req wasmbus.ActorAuctionRequest
	if wasmbus.DecodeJSON(m.Data, &req) != nil {
		return
	}
	for k, v := range req.Constraints {
		if h.cfg.Labels[k] != v {
			return
		}
	}
	h.reply(m, wasmbus.ActorAuctionAck{ActorRef: req.ActorRef, Constraints: req.Constraints, HostID: h.ID})
}

// command runs one command. Like real hosts it acknowledges before the work,
// except for an update.
func (h *Host) command(m *nats.Msg) error {
	c := h.control
	accept := func() { h.reply(m, wasmbus.Ack{Accepted: true}) }
	switch m.Subject {
	case c.Command(h.ID, wasmbus.CmdStartActor):
		cmd := wasmbus.StartActorCommand{Count: 1}
		if err := wasmbus.DecodeJSON(m.Data, &cmd); err != nil {
			return err
		}
		accept()
		h.start(cmd.ActorRef, int(cmd.Count))
	case c.Command(h.ID, wasmbus.CmdStopActor):
		var cmd wasmbus.StopActorCommand
		if err := wasmbus.DecodeJSON(m.Data, &cmd); err != nil {
			return err
		}
		accept()
		h.stop(cmd.ActorRef, int(cmd.Count))
	case c.Command(h.ID, wasmbus.CmdScaleActor):
		var cmd wasmbus.ScaleActorCommand
		if err := wasmbus.DecodeJSON(m.Data, &cmd); err != nil {
			return err
		}
		accept()
		h.scale(cmd)
	case c.Command(h.ID, wasmbus.CmdUpdateActor):
		var cmd wasmbus.UpdateActorCommand
		if err := wasmbus.DecodeJSON(m.Data, &cmd); err != nil {
			return err
		}
		if err := h.update(cmd); err != nil {
			return err
		}
		accept()
	case c.Command(h.ID, wasmbus.CmdStopHost):
		accept()
		h.emit(wasmbus.EventHostStopped, wasmbus.HostStopped{Labels: map[string]string{}})
		h.stopped = true
	case c.LinkPut(), c.LinkDel():
		return h.link(m, accept)
	default:
		return fmt.Errorf("unsupported subject %s", m.Subject)
	}
	return nil
}

func (h *Host) link(m *nats.Msg, accept func()) error {
	var l wasmbus.LinkDefinition
	if err := wasmbus.DecodeJSON(m.Data, &l); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var err error
	if m.Subject == h.control.LinkPut() {
		err = h.state.PutLink(ctx, l)
	} else {
		err = h.state.DeleteLink(ctx, l.ActorID, l.ContractID, l.LinkName)
	}
	if err == nil {
		accept()
	}
	return err
}
