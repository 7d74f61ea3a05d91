package soak

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor"
)

// TestTheOtherHostServesOn kills one of two hosts that share an actor and a provider, without a
// word. The other serves every call, and what the lattice knows is whole.
func TestTheOtherHostServesOn(t *testing.T) {
	w := newWorld(t)
	conn := w.run()
	p := &pair{t: t, conn: conn, ctl: lattice.NewControl(conn, lattice.ControlConfig{})}
	p.begin(w)
	links, claims := p.known()
	if len(links) != 1 || len(claims) != 2 {
		t.Fatalf("links %v, claims %v", links, claims)
	}

	gone := w.hosts[0]
	if len(gone.providers()) != 1 {
		t.Fatalf("processes %v", gone.providers())
	}
	gone.kill() // waits for its provider
	// The server may still have had a call for it.
	var count int
	testkit.Eventually(t, "a call after the kill", func() (ok bool) {
		var err error
		count, err = p.count(time.Second)
		return err == nil
	})
	for range 50 {
		got, err := p.count(20 * time.Second)
		if err != nil || got != count+1 {
			t.Fatalf("count %d, %v; it was %d", got, err, count)
		}
		count = got
	}
	linksNow, claimsNow := p.known()
	if diff := gocmp.Diff(links, linksNow) + gocmp.Diff(claims, claimsNow); diff != "" {
		t.Errorf("links and claims (-before +after):\n%s", diff)
	}
	hosts, err := p.ctl.Hosts(t.Context())
	if err != nil || len(hosts) != 1 {
		t.Fatalf("hosts %v, %v", hosts, err)
	}
	if inv, err := p.ctl.Inventory(t.Context(), hosts[0].ID); err != nil || len(inv.Actors) != 1 || len(inv.Providers) != 1 {
		t.Errorf("inventory %+v, %v", inv, err)
	}
}

// pair is an actor on two hosts that counts with a provider on two hosts.
type pair struct {
	t    *testing.T
	conn *lattice.Conn
	ctl  *lattice.Control
	key  string
}

// begin starts the actor on each host and links it.
func (p *pair) begin(w *world) {
	p.t.Helper()
	probe, err := filepath.Abs("../../internal/artifact/testdata/probe_s.wasm")
	if err != nil {
		p.t.Fatal(err)
	}
	for _, h := range w.hosts {
		state, err := lattice.ReadHostState(h.state)
		if err != nil {
			p.t.Fatal(err)
		}
		started, err := p.ctl.Start(p.t.Context(), lattice.StartOptions{Ref: "file://" + probe, HostID: state.HostID, Count: 1})
		if err != nil {
			p.t.Fatal(err)
		}
		p.key = started.PublicKey
	}
	err = p.ctl.PutLink(p.t.Context(), wasmbus.LinkDefinition{
		ActorID: p.key, ProviderID: string(key(strkey.Service, "soak").Public()), LinkName: "default", ContractID: contract,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	testkit.Eventually(p.t, "a first count", func() bool { _, err := p.count(time.Second); return err == nil })
}

// count has the actor count one more.
func (p *pair) count(timeout time.Duration) (n int, err error) {
	req := actor.Request{Method: "GET", Path: "/count"}
	reply, err := lattice.Call(context.Background(), p.conn, lattice.CallOptions{
		Target: wasmbus.Actor(p.key), Operation: actor.HandleRequest, Payload: req.MarshalMsgpack(),
		HostKey: key(strkey.Server, "soak client"), Cluster: key(strkey.Cluster, "soak"), Timeout: timeout,
	})
	if err != nil {
		return 0, err
	}
	_, text, _ := strings.Cut(string(reply), "count=")
	if _, err := fmt.Sscan(text, &n); err != nil {
		return 0, fmt.Errorf("%q: %w", reply, err)
	}
	return n, nil
}

// known is what the lattice knows, in order.
func (p *pair) known() ([]wasmbus.LinkDefinition, []wasmbus.ClaimsRecord) {
	p.t.Helper()
	links, err := p.ctl.Links(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	claims, err := p.ctl.Claims(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	slices.SortFunc(claims, func(a, b wasmbus.ClaimsRecord) int {
		return cmp.Compare(a[wasmbus.ClaimSubject], b[wasmbus.ClaimSubject])
	})
	return links, claims
}
