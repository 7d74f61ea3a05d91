package core

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/dash"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// fromProvider is a call of the probe, signed with the key that a provider was
// given, in the name of origin.
func fromProvider(t *testing.T, d told, origin wasmbus.Entity) *wasmbus.Invocation {
	t.Helper()
	seed, err := strkey.ParseSeed([]byte(d.Data.InvocationSeed), strkey.Cluster)
	if err != nil {
		t.Fatal(err)
	}
	inv, err := wasmbus.NewInvocation(origin, wasmbus.Actor(probeKey), handle, helloRequest, d.Data.HostID, seed, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

// twoProviders are the same provider under two link names, both linked to the
// probe.
func twoProviders(t *testing.T, perProvider bool) (w *world, a, b wasmbus.ProviderStarted) {
	w = start(t, func(c *Config) { c.IssuerPerProvider = perProvider })
	w.startRef(file(t, read(t, "probe_s.wasm")))
	ref := parFile(t, archive(t, "kv", nil))
	a, b = w.startProvider(ref, ""), w.startProviderAs(ref, "cache", "")
	w.link(a.PublicKey, "default")
	w.link(b.PublicKey, "cache")
	for _, p := range []wasmbus.ProviderStarted{a, b} {
		testkit.Eventually(t, "its link", func() bool { _, err := w.ask(p, "Test.Echo", nil); return err == nil })
	}
	return w, a, b
}

func entity(p wasmbus.ProviderStarted) wasmbus.Entity {
	return wasmbus.Entity{PublicKey: p.PublicKey, LinkName: p.LinkName, ContractID: p.ContractID}
}

// In a lattice of its own a host gives each provider a key that speaks for it
// alone.
func TestProviderSpeaksForItselfAlone(t *testing.T) {
	w, a, b := twoProviders(t, true)
	da, db := w.describe(a), w.describe(b)
	if da.Data.InvocationSeed == db.Data.InvocationSeed || da.Data.InvocationSeed == clusterSeed.Reveal() {
		t.Error("two providers have one key, or the cluster's")
	}
	stranger := wasmbus.Entity{PublicKey: string(key(strkey.Service, "other").Public()), LinkName: "default", ContractID: kvContract}
	for name, c := range map[string]struct {
		origin wasmbus.Entity
		want   string // "" = accepted
	}{
		"itself":               {entity(a), ""},
		"the other link name":  {entity(b), "may sign for"},
		"another provider":     {stranger, "may sign for"},
		"an actor":             {wasmbus.Actor(probeKey), "may sign for"},
		"wash":                 {wasmbus.Entity{PublicKey: "__WASH__"}, "may sign for"},
		"itself, of other use": {wasmbus.Entity{PublicKey: a.PublicKey, LinkName: "default", ContractID: "wasmcloud:httpserver"}, "may sign for"},
	} {
		t.Run(name, func(t *testing.T) {
			r := w.raw(fromProvider(t, da, c.origin).Marshal())
			if c.want == "" && r.Error != "" || !strings.Contains(r.Error, c.want) {
				t.Errorf("error %q, want one with %q", r.Error, c.want)
			}
		})
	}
	w.stopProvider(a)
	if r := w.raw(fromProvider(t, da, entity(a)).Marshal()); !strings.Contains(r.Error, "not among the cluster issuers") {
		t.Errorf("the key of a stopped provider: error %q", r.Error)
	}
	if r := w.raw(fromProvider(t, db, entity(b)).Marshal()); r.Error != "" {
		t.Errorf("the key of the other one: error %q", r.Error)
	}
}

// Where others share the lattice providers sign with its key, as on real hosts.
// A provider of one host calls an actor of another, which trusts that key only.
func TestSharedKeyAcrossHosts(t *testing.T) {
	w := start(t, nil)
	second := start(t, func(c *Config) {
		c.Server, c.Connect = nil, lattice.ConnectConfig{URL: w.host.Info().NATSURL}
		c.ClusterSeed = key(strkey.Cluster, "second's own")
		c.ClusterIssuers = []strkey.PublicKey{clusterSeed.Public()}
	})
	second.startRef(file(t, read(t, "probe_s.wasm")))
	p := w.startProvider(parFile(t, archive(t, "kv", nil)), "")
	w.link(p.PublicKey, "default")
	d := w.describe(p)
	if d.Data.InvocationSeed != clusterSeed.Reveal() {
		t.Error("the provider did not get the cluster's key")
	}
	testkit.Eventually(t, "the link on the other host", func() bool { _, ok := second.host.know.provider(probeKey, kvContract, "default"); return ok })
	if r := w.raw(fromProvider(t, d, entity(p)).Marshal()); r.Error != "" {
		t.Errorf("error %q", r.Error)
	}
}

// Records in the lattice's bucket can be written by everybody who reaches it.
func TestRecordsAreHints(t *testing.T) {
	w, a, b := relayWorld(t, nil)
	state, err := lattice.OpenState(context.Background(), w.conn, "default")
	if err != nil {
		t.Fatal(err)
	}
	// Somebody gives a's alias to b, and says that a may use the key-value contract.
	for _, r := range []wasmbus.ClaimsRecord{
		{wasmbus.ClaimSubject: b, wasmbus.ClaimAlias: "relay/a", wasmbus.ClaimName: "b"},
		{wasmbus.ClaimSubject: "MAAA", wasmbus.ClaimAlias: "relay/a", wasmbus.ClaimName: "nobody"},
		{wasmbus.ClaimSubject: a, wasmbus.ClaimAlias: "", wasmbus.ClaimCaps: kvContract, wasmbus.ClaimName: "a"},
		{wasmbus.ClaimSubject: "MLAST", wasmbus.ClaimAlias: "last/one"},
	} {
		if err := state.PutClaims(context.Background(), r); err != nil {
			t.Fatal(err)
		}
	}
	testkit.Eventually(t, "the records", func() bool { _, ok := w.host.know.actorByAlias("last/one"); return ok })
	if got, ok := w.host.actorNamed("relay/a"); !ok || got != a {
		t.Errorf("the alias of a leads to %s", got)
	}
	// The dashboard calls whom an actor would call. Both relays answer, so the log says which did.
	_, err = w.host.View().Call(context.Background(), dash.Call{ID: "by-alias", Target: "relay/a", Operation: "NumberGen.Random32", Payload: []byte("wasmcloud:builtin:numbergen")})
	if err != nil || !strings.Contains(w.logs.String(), "msg=call actor="+a+" name=a operation=NumberGen.Random32 call=by-alias") {
		t.Errorf("a call by the alias of a: %v", err)
	}
	_, err = w.call(a, "NumberGen.Random32", []byte(kvContract))
	if err == nil || !strings.Contains(err.Error(), "missing capability claim") {
		t.Errorf("error %v", err)
	}
	// Nor does a running actor become a stranger when its record goes.
	kv, err := w.conn.NATS().JetStream()
	if err != nil {
		t.Fatal(err)
	}
	for _, subject := range []string{a, "MLAST"} {
		if _, err := kv.PublishMsg(&nats.Msg{
			Subject: "$KV." + wasmbus.KVBucket("default") + "." + wasmbus.KeyClaims + subject, Header: nats.Header{"KV-Operation": {"DEL"}},
		}); err != nil {
			t.Fatal(err)
		}
	}
	testkit.Eventually(t, "the records to go", func() bool { return !w.host.know.KnownActor("MLAST") })
	if !w.host.know.KnownActor(a) {
		t.Error("a runs here, and is not known any more")
	}
}

// Arguments and results of any size reach a provider and come back, over the
// object store where the message would be too large.
func TestLargePayloadsOfProviders(t *testing.T) {
	w := start(t, nil)
	w.startRef(file(t, read(t, "probe_s.wasm")))
	p := w.startProvider(parFile(t, archive(t, "kv", nil)), "")
	w.link(p.PublicKey, "default")
	testkit.Eventually(t, "its link", func() bool { _, err := w.ask(p, "Test.Echo", nil); return err == nil })
	for _, size := range []int{0, 1, 700 << 10, wasmbus.ChunkThreshold, wasmbus.ChunkThreshold + 1, 3 << 20} {
		payload := bytes.Repeat([]byte{7}, size)
		got, err := w.ask(p, "Test.Echo", payload)
		if err != nil || !bytes.Equal(got, payload) {
			t.Errorf("%d bytes: %d came back, error %v", size, len(got), err)
		}
	}
	d := w.describe(p)
	// From a provider, in the forms of both generations: the Elixir host and its
	// providers put more than 700 KiB into the object store, others more than 900.
	for name, size := range map[string]int{"Elixir": 700<<10 + 1, "Rust": wasmbus.ChunkThreshold + 1} {
		seed, err := strkey.ParseSeed([]byte(d.Data.InvocationSeed), strkey.Cluster)
		if err != nil {
			t.Fatal(err)
		}
		msg := request(t, size)
		inv, err := wasmbus.NewInvocation(entity(p), wasmbus.Actor(probeKey), handle, msg, d.Data.HostID, seed, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if err := lattice.PutChunk(context.Background(), w.conn, "default", inv.ID, msg); err != nil {
			t.Fatal(err)
		}
		inv.Msg = nil
		if r := w.raw(inv.Marshal()); r.Error != "" {
			t.Errorf("%s form, %d bytes: error %q", name, len(msg), r.Error)
		}
	}
}

// request is an HTTP request for the probe with a body of that size.
func request(t *testing.T, size int) []byte {
	t.Helper()
	text, err := json.Marshal(map[string]any{
		"method": "POST", "path": "/big", "queryString": "", "header": map[string]any{}, "body": strings.Repeat("x", size),
	})
	if err != nil {
		t.Fatal(err)
	}
	msg, err := wasmbus.JSONToMsgpack(text)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// A host that takes a lattice for its own says so when it is not.
func TestNeighboursAreNoticed(t *testing.T) {
	const words = "another host is in this lattice"
	w := start(t, func(c *Config) { c.IssuerPerProvider = true })
	if strings.Contains(w.logs.String(), words) {
		t.Error("it takes itself for another")
	}
	start(t, func(c *Config) { c.Server, c.Connect = nil, lattice.ConnectConfig{URL: w.host.Info().NATSURL} })
	testkit.Eventually(t, "a warning", func() bool { return strings.Contains(w.logs.String(), words) })
}
