package core

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// relayWorld runs two relays, "a" with the alias relay/a and "b", and the probe.
func relayWorld(t *testing.T, change func(*Config)) (w *world, a, b string) {
	w = start(t, change)
	relay, alias := read(t, "relay.wasm"), "relay/a"
	w.startRef(file(t, read(t, "probe_s.wasm")))
	a = w.startRef(file(t, sign(t, relay, "a", func(c *claims.Claims[claims.Actor]) { c.Metadata.CallAlias = &alias }))).PublicKey
	b = w.startRef(file(t, sign(t, relay, "b", nil))).PublicKey
	return w, a, b
}

func TestActorsCallEachOther(t *testing.T) {
	w, a, b := relayWorld(t, nil)
	const random = "NumberGen.Random32"
	for name, c := range map[string]struct{ actor, path, want string }{
		"a built-in":           {a, "wasmcloud:builtin:numbergen", ""},
		"by key":               {a, b + ";wasmcloud:builtin:numbergen", ""},
		"by alias":             {b, "relay/a;wasmcloud:builtin:numbergen", ""},
		"itself, a few times":  {a, strings.Repeat(a+";", 5) + "wasmcloud:builtin:numbergen", ""},
		"the probe refuses":    {b, "vector/probe", "NumberGen.Random32"},
		"unknown alias":        {a, "no/such", `no actor has the call alias "no/such"`},
		"unknown key":          {a, string(key(strkey.Module, "nobody").Public()), "nobody listens"},
		"contract not claimed": {a, "wasmcloud:keyvalue", "missing capability claim for wasmcloud:keyvalue"},
		"unknown built-in":     {a, "wasmcloud:builtin:nothing", "has no operation"},
		"itself, for ever":     {a, strings.Repeat(a+";", 40), "nested too deep"},
		"in a ring":            {b, strings.Repeat("relay/a;"+b+";", 20), "nested too deep"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.call(c.actor, random, []byte(c.path))
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

// A ring of actors on two hosts is cut at the same depth as one on a single host.
// Its first caller's deadline would not do it: each hop has one of its own, and
// the calls would go round until somebody stops the actors.
func TestRingAcrossHostsEnds(t *testing.T) {
	w := start(t, nil)
	second := start(t, func(c *Config) { c.Server, c.Connect = nil, lattice.ConnectConfig{URL: w.host.Info().NATSURL} })
	relay := read(t, "relay.wasm")
	a := w.startRef(file(t, sign(t, relay, "a", nil))).PublicKey
	second.event(wasmbus.EventActorStarted, &wasmbus.ActorStarted{}) // that of a, which everybody hears
	b := second.startRef(file(t, sign(t, relay, "b", nil))).PublicKey
	// With an instance for every call no one has to wait.
	w.command(wasmbus.ScaleActorCommand{ActorID: a, Count: 20})
	second.command(wasmbus.ScaleActorCommand{ActorID: b, Count: 20})
	const random, answer = "NumberGen.Random32", "wasmcloud:builtin:numbergen"
	testkit.Eventually(t, "calls to and fro", func() bool {
		_, err := w.call(a, random, []byte(strings.Repeat(b+";"+a+";", 5)+answer))
		return err == nil
	})
	_, err := w.call(a, random, []byte(strings.Repeat(b+";"+a+";", 20)+answer))
	if err == nil || !strings.Contains(err.Error(), "nested too deep") {
		t.Errorf("a ring of 40 calls: %v", err)
	}
}

func TestActorCallsLinkedProvider(t *testing.T) {
	w := start(t, nil)
	w.startRef(file(t, read(t, "probe_s.wasm")))
	provider := string(key(strkey.Service, "kv").Public())
	fakeProvider(t, w, provider)
	link := wasmbus.LinkDefinition{ActorID: probeKey, ProviderID: provider, LinkName: "default", ContractID: "wasmcloud:keyvalue"}
	if err := w.ctl.PutLink(context.Background(), link); err != nil {
		t.Fatal(err)
	}
	var set wasmbus.LinkChanged
	w.event(wasmbus.EventLinkSet, &set)
	if got, err := w.get(probeKey, "/count"); err != nil || got != "count=42" {
		t.Errorf("%q, %v", got, err)
	}
	if err := w.ctl.DeleteLink(context.Background(), probeKey, "wasmcloud:keyvalue", "default"); err != nil {
		t.Fatal(err)
	}
	w.event(wasmbus.EventLinkDeleted, &set)
	if set.ProviderID != provider {
		t.Errorf("%+v", set)
	}
	if _, err := w.get(probeKey, "/count"); err == nil || !strings.Contains(err.Error(), "missing link definition") {
		t.Errorf("without the link: %v", err)
	}
}

// startLinkedRelay starts an actor that passes calls on, signed for these
// contracts, and a key-value provider that it is linked to.
func (w *world) startLinkedRelay(caps ...string) (actor string) {
	w.t.Helper()
	set := func(c *claims.Claims[claims.Actor]) { c.Metadata.Caps = caps }
	actor = w.startRef(file(w.t, sign(w.t, read(w.t, "relay.wasm"), "linked", set))).PublicKey
	w.command(wasmbus.ScaleActorCommand{ActorID: actor, Count: 5}) // it may be called back
	p := w.startProvider(parFile(w.t, archive(w.t, "kv", nil)), "")
	l := wasmbus.LinkDefinition{ActorID: actor, ProviderID: p.PublicKey, LinkName: "default", ContractID: kvContract}
	if err := w.ctl.PutLink(context.Background(), l); err != nil {
		w.t.Fatal(err)
	}
	testkit.Eventually(w.t, "the link", func() bool { _, ok := w.host.know.provider(actor, kvContract, "default"); return ok })
	return actor
}

// A link lets nobody use what it was not signed for.
func TestLinkIsNoCapability(t *testing.T) {
	w := start(t, nil)
	a := w.startLinkedRelay("wasmcloud:httpserver")
	_, err := w.call(a, "Test.Echo", []byte(kvContract+";hello"))
	if err == nil || !strings.Contains(err.Error(), "missing capability claim for "+kvContract) {
		t.Errorf("error %v", err)
	}
}

// fakeProvider answers KeyValue.Increment with 42, after the checks that real
// providers make.
func fakeProvider(t *testing.T, w *world, id string) {
	self := wasmbus.Entity{PublicKey: id, LinkName: "default", ContractID: "wasmcloud:keyvalue"}
	seen := wasmbus.NewReplay(0)
	stop, err := w.conn.Subscribe(wasmbus.ProviderSubject("default", id, "default"), wasmbus.RPCQueue, func(_, reply string, data []byte) {
		r := wasmbus.Response{}
		inv, err := wasmbus.UnmarshalInvocation(data)
		if err == nil {
			r.InvocationID = inv.ID
			err = inv.Verify(wasmbus.Verification{
				Now: time.Now(), ClusterIssuers: []strkey.PublicKey{clusterSeed.Public()}, Target: self, Seen: seen,
			})
		}
		if err == nil && (inv.Operation != "KeyValue.Increment" || inv.Origin != wasmbus.Actor(probeKey) || inv.HostID != w.host.Info().HostID) {
			t.Errorf("invocation %+v", inv)
		}
		if err != nil {
			r.Error = err.Error()
		} else {
			r.Msg, r.ContentLength = []byte{42}, 1
		}
		if err := w.conn.Publish(reply, r.Marshal()); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	if err := w.conn.NATS().Flush(); err != nil {
		t.Fatal(err)
	}
}
