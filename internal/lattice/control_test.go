package lattice_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/fakehost"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

func responder(reply []byte) nats.MsgHandler {
	return func(m *nats.Msg) { _ = m.Respond(reply) }
}

// patient makes a client whose timeouts are so long that a test which runs into
// one fails by its own.
func patient(conn *lattice.Conn, hosts int) *lattice.Control {
	return lattice.NewControl(conn, lattice.ControlConfig{Timeout: time.Hour, AuctionTimeout: time.Hour, Settle: time.Hour, ExpectHosts: hosts})
}

func TestHosts(t *testing.T) {
	server := newServer(t)
	conn := connect(t, server)
	hosts, err := patient(conn, 0).Hosts(testContext(t))
	if err != nil || hosts == nil || len(hosts) != 0 {
		t.Errorf("nobody there: %v, %v; want an empty list at once", hosts, err)
	}
	fakehost.Start(t, server, fakehost.Config{})
	fakehost.Start(t, server, fakehost.Config{})
	if hosts, err := patient(conn, 2).Hosts(testContext(t)); err != nil || len(hosts) != 2 {
		t.Errorf("as many as expected: %v, %v", hosts, err)
	}
	settling := lattice.NewControl(conn, lattice.ControlConfig{Timeout: time.Hour})
	if hosts, err := settling.Hosts(testContext(t)); err != nil || len(hosts) != 2 {
		t.Errorf("settling: %v, %v", hosts, err)
	}
}

func TestAuctionStopsAtTheFirstBid(t *testing.T) {
	server := newServer(t)
	conn := connect(t, server)
	if _, err := patient(conn, 0).Auction(testContext(t), echoRef, nil); !errors.Is(err, lattice.ErrNoHost) || !strings.Contains(err.Error(), server.URL()) {
		t.Errorf("nobody there: %v", err)
	}
	fakehost.Start(t, server, fakehost.Config{})
	picky := fakehost.Start(t, server, fakehost.Config{Labels: map[string]string{"gpu": "yes"}})
	if host, err := patient(conn, 0).Auction(testContext(t), echoRef, map[string]string{"gpu": "yes"}); err != nil || host != picky.ID {
		t.Errorf("%s, %v; want %s", host, err, picky.ID)
	}
	short := lattice.NewControl(conn, lattice.ControlConfig{AuctionTimeout: 50 * time.Millisecond, ExpectHosts: 2})
	_, err := short.Auction(testContext(t), echoRef, map[string]string{"moon": "full"})
	if !errors.Is(err, lattice.ErrNoBid) || errors.Is(err, lattice.ErrNoHost) || !strings.Contains(err.Error(), "labels moon=full") {
		t.Errorf("no bid: %v", err)
	}
}

func TestStartAndStop(t *testing.T) {
	for _, elixir := range []bool{false, true} {
		server := newServer(t)
		h := fakehost.Start(t, server, fakehost.Config{Refs: refs(), Elixir: elixir})
		c := patient(connect(t, server), 1)
		ctx := testContext(t)
		got, err := c.Start(ctx, lattice.StartOptions{Ref: echoRef, Count: 3})
		want := &lattice.Started{HostID: h.ID, PublicKey: actorKey, Instances: 3}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		if err := c.Stop(ctx, lattice.StopOptions{HostID: h.ID, ActorID: actorKey, Count: 1}); err != nil {
			t.Error(err)
		}
		if n := h.Instances(actorKey); n != 2 {
			t.Errorf("%d instances, want 2", n)
		}
		scale := wasmbus.ScaleActorCommand{ActorID: actorKey, ActorRef: echoRef, HostID: h.ID}
		for _, n := range []uint16{5, 1, 1} {
			scale.Count = n
			if err := c.Scale(ctx, scale, time.Hour); err != nil {
				t.Error(err)
			}
			if got := h.Instances(actorKey); got != int(n) {
				t.Errorf("%d instances, want %d", got, n)
			}
		}
		if err := c.Stop(ctx, lattice.StopOptions{HostID: h.ID, ActorID: actorKey}); err != nil {
			t.Error(err)
		}
		if n := h.Instances(actorKey); n != 0 {
			t.Errorf("%d instances, want none", n)
		}
	}
}

// A start of what runs already replaces it.
func TestStartReplaces(t *testing.T) {
	for _, c := range []struct {
		name     string
		elixir   bool
		ref      string
		commands []string
	}{
		{"same tag", false, echoRef, []string{"la", "upd"}},
		{"next tag", false, echoRef2, []string{"la", "upd"}},
		{"next revision, Elixir host", true, echoRef2, []string{"la", "upd"}},
		{"same revision, Elixir host", true, echoRef, []string{"la", "upd", "sa", "la"}},
		{"another actor", false, otherRef, []string{"la", "la"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, conn := started(t, fakehost.Config{Elixir: c.elixir})
			got, err := patient(conn, 1).Start(testContext(t), lattice.StartOptions{Ref: c.ref})
			if err != nil {
				t.Fatal(err)
			}
			if c.ref != otherRef && (got.Replaced != echoRef || h.Instances(actorKey) != 1) {
				t.Errorf("%+v, %d instances", got, h.Instances(actorKey))
			}
			if c.ref == otherRef && (got.Replaced != "" || h.Instances(otherKey) != 1 || h.Instances(actorKey) != 1) {
				t.Errorf("%+v", got)
			}
			if diff := cmp.Diff(c.commands, shortNames(h)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func shortNames(h *fakehost.Host) []string {
	var out []string
	for _, s := range h.Commands() {
		out = append(out, s[strings.LastIndexByte(s, '.')+1:])
	}
	return out
}

// The same actor from elsewhere: only the host can tell, and it refuses.
func TestStartReplacesFromElsewhere(t *testing.T) {
	server := newServer(t)
	all := refs()
	all["file:///echo.wasm"] = all[echoRef2]
	all["file:///wrong.wasm"] = all[otherRef]
	h := fakehost.Start(t, server, fakehost.Config{Refs: all})
	c := patient(connect(t, server), 1)
	for _, ref := range []string{echoRef, "file:///echo.wasm"} {
		if _, err := c.Start(testContext(t), lattice.StartOptions{Ref: ref}); err != nil {
			t.Fatal(err)
		}
	}
	if h.Instances(actorKey) != 1 {
		t.Errorf("%d instances", h.Instances(actorKey))
	}
	if got, err := c.Start(testContext(t), lattice.StartOptions{Ref: "file:///wrong.wasm"}); err != nil || got.PublicKey != otherKey {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestStartAdds(t *testing.T) {
	h, conn := started(t, fakehost.Config{})
	if _, err := patient(conn, 1).Start(testContext(t), lattice.StartOptions{Ref: echoRef, Add: true, Count: 2}); err != nil {
		t.Fatal(err)
	}
	if n := h.Instances(actorKey); n != 3 {
		t.Errorf("%d instances, want 3", n)
	}
}

// When the replacement is bad the old code keeps running, and the error says so.
func TestStartKeepsTheOld(t *testing.T) {
	h, conn := started(t, fakehost.Config{})
	_, err := patient(conn, 1).Start(testContext(t), lattice.StartOptions{Ref: "localhost:5000/echo:broken"})
	if err == nil || !strings.Contains(err.Error(), "keeps running") {
		t.Errorf("%v", err)
	}
	if n := h.Instances(actorKey); n != 1 {
		t.Errorf("%d instances, want 1", n)
	}
}

func TestCommandFailures(t *testing.T) {
	server := newServer(t)
	h := fakehost.Start(t, server, fakehost.Config{Refs: refs()})
	c := patient(connect(t, server), 1)
	ctx := testContext(t)
	var failed *lattice.StartFailed
	if _, err := c.Start(ctx, lattice.StartOptions{Ref: "localhost:5000/none:1"}); !errors.As(err, &failed) || failed.Text != "no such artifact: localhost:5000/none:1" {
		t.Errorf("start: %v", err)
	}
	if err := c.Stop(ctx, lattice.StopOptions{HostID: h.ID, ActorID: actorKey}); err == nil || !strings.Contains(err.Error(), "does not run here") {
		t.Errorf("stop: %v", err)
	}
	if err := c.Scale(ctx, wasmbus.ScaleActorCommand{ActorID: actorKey, HostID: h.ID, Count: 2}, time.Hour); err == nil || !strings.Contains(err.Error(), "does not run here") {
		t.Errorf("scale: %v", err)
	}
	if err := c.PutLabel(ctx, h.ID, "a", "b"); err == nil || !strings.Contains(err.Error(), "unsupported subject") {
		t.Errorf("label: %v", err)
	}
	if _, err := c.Inventory(ctx, "NNOBODY"); err == nil {
		t.Error("inventory of nobody: no error")
	}
}

func TestNoEventInTime(t *testing.T) {
	server := newServer(t)
	h := fakehost.Start(t, server, fakehost.Config{Refs: refs(), Elixir: true})
	c := patient(connect(t, server), 1)
	err := c.Stop(testContext(t), lattice.StopOptions{HostID: h.ID, ActorID: actorKey, Wait: 50 * time.Millisecond})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "50ms") {
		t.Errorf("%v", err)
	}
}

func TestRefusalIsAFailure(t *testing.T) {
	server := newServer(t)
	h := fakehost.Start(t, server, fakehost.Config{Refs: refs(), Refuse: "not today"})
	c := patient(connect(t, server), 1)
	ctx := testContext(t)
	_, start := c.Start(ctx, lattice.StartOptions{Ref: echoRef})
	for name, err := range map[string]error{
		"start": start, "stop": c.Stop(ctx, lattice.StopOptions{HostID: h.ID, ActorID: actorKey}),
		"link put": c.PutLink(ctx, testLink()), "link del": c.DeleteLink(ctx, actorKey, "c", "default"),
		"stop host": c.StopHost(ctx, h.ID, time.Second),
	} {
		var refused *lattice.Refused
		if !errors.As(err, &refused) || refused.Text != "not today" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLinks(t *testing.T) {
	server := newServer(t)
	conn := connect(t, server)
	ctx := testContext(t)
	c := patient(conn, 1)
	if err := c.PutLink(ctx, testLink()); !errors.Is(err, lattice.ErrNoHost) {
		t.Errorf("no host and no bucket: %v", err)
	}
	// A bucket but no host: what is written is there for the next host.
	if _, err := lattice.OpenState(ctx, conn, "default"); err != nil {
		t.Fatal(err)
	}
	if err := c.PutLink(ctx, testLink()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		links, err := c.Links(ctx)
		if diff := cmp.Diff([]wasmbus.LinkDefinition{testLink()}, links); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		fakehost.Start(t, server, fakehost.Config{})
	}
	l := testLink()
	if err := c.DeleteLink(ctx, l.ActorID, l.ContractID, l.LinkName); err != nil {
		t.Fatal(err)
	}
	if links, err := c.Links(ctx); err != nil || len(links) != 0 || links == nil {
		t.Errorf("%v, %v", links, err)
	}
}

func TestClaims(t *testing.T) {
	_, conn := started(t, fakehost.Config{})
	claims, err := patient(conn, 1).Claims(testContext(t))
	if err != nil || len(claims) != 1 || claims[0]["call_alias"] != "echo" {
		t.Errorf("%v, %v", claims, err)
	}
}

// Events that newer hosts publish twice arrive once, and noise is passed over.
func TestEventsOnce(t *testing.T) {
	conn := connect(t, newServer(t))
	ctx := testContext(t)
	sub, err := lattice.NewControl(conn, lattice.ControlConfig{}).Events(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	first := wasmbus.NewEvent("N1", "host_started", nil, time.Unix(0, 0))
	second := wasmbus.NewEvent("N1", "host_stopped", nil, time.Unix(0, 0))
	for _, m := range []struct {
		subject string
		data    []byte
	}{{"", first}, {".host_started", first}, {"", []byte("noise")}, {"", second}} {
		if err := conn.NATS().Publish(wasmbus.EventSubject("default")+m.subject, m.data); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"host_started", "host_stopped"} {
		if e, err := sub.Next(ctx); err != nil || e.Name() != want {
			t.Errorf("%+v, %v; want %s", e, err, want)
		}
	}
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if e, err := sub.Next(short); err == nil {
		t.Errorf("one more: %+v", e)
	}
}
