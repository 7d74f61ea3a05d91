package core

import (
	"bytes"
	"context"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/policy"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

const handle = "HttpServer.HandleRequest"

// invocation makes a genuine one, from wash to the probe.
func invocation(t *testing.T, msg []byte) *wasmbus.Invocation {
	t.Helper()
	origin := wasmbus.Entity{PublicKey: policy.WashOrigin}
	inv, err := wasmbus.NewInvocation(origin, wasmbus.Actor(probeKey), handle, msg, washHostID, clusterSeed, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

// washHostID is the constant of wash 0.17, which is no valid key.
const washHostID = "NwashHostCallerId000000000000000000000000000000000000000"

var helloRequest, _ = wasmbus.JSONToMsgpack([]byte(`{"method":"GET","path":"/hi","queryString":"","header":{},"body":""}`))

// raw sends bytes to the probe and returns the decoded response.
func (w *world) raw(data []byte) *wasmbus.Response {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	m, err := w.conn.NATS().RequestWithContext(ctx, wasmbus.ActorSubject("default", probeKey), data)
	if err != nil {
		w.t.Fatalf("no reply: %v", err)
	}
	r, err := wasmbus.UnmarshalResponse(m.Data)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func TestForgedInvocationsAreRefused(t *testing.T) {
	w := start(t, nil)
	w.startRef(file(t, read(t, "probe_s.wasm")))
	stranger := key(strkey.Cluster, "stranger")

	for name, c := range map[string]struct {
		forge func(inv *wasmbus.Invocation) *wasmbus.Invocation
		want  string
	}{
		"genuine, as wash 0.17 sends it": {func(i *wasmbus.Invocation) *wasmbus.Invocation { return i }, ""},
		"other cluster": {func(i *wasmbus.Invocation) *wasmbus.Invocation {
			n, err := wasmbus.NewInvocation(i.Origin, i.Target, i.Operation, i.Msg, i.HostID, stranger, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			return n
		}, "issuer"},
		"other message":   {func(i *wasmbus.Invocation) *wasmbus.Invocation { i.Msg = append(i.Msg, 0)[1:]; return i }, "hash"},
		"empty message":   {func(i *wasmbus.Invocation) *wasmbus.Invocation { i.Msg, i.ContentLength = nil, 0; return i }, "hash"},
		"other operation": {func(i *wasmbus.Invocation) *wasmbus.Invocation { i.Operation = "Other.Op"; return i }, "target-url"},
		"other target": {func(i *wasmbus.Invocation) *wasmbus.Invocation {
			i.Target.PublicKey = strings.Repeat("M", 56)
			return i
		}, "target"},
		"of another actor": {func(i *wasmbus.Invocation) *wasmbus.Invocation {
			n, err := wasmbus.NewInvocation(i.Origin, wasmbus.Actor(string(key(strkey.Module, "other").Public())), i.Operation, i.Msg, i.HostID, clusterSeed, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			return n
		}, "(target)"},
		"other id":   {func(i *wasmbus.Invocation) *wasmbus.Invocation { i.ID = wasmbus.NewUUID(); return i }, "id"},
		"no token":   {func(i *wasmbus.Invocation) *wasmbus.Invocation { i.EncodedClaims = ""; return i }, "token"},
		"no host id": {func(i *wasmbus.Invocation) *wasmbus.Invocation { i.HostID = ""; return i }, "host-id"},
		"an actor's token": {func(i *wasmbus.Invocation) *wasmbus.Invocation {
			token, err := claims.Sign(claims.Claims[claims.Actor]{Subject: probeKey, Metadata: &claims.Actor{}}, strkey.Development())
			if err != nil {
				t.Fatal(err)
			}
			i.EncodedClaims = token
			return i
		}, "issuer"},
		"unknown actor as origin":  {resigned(t, wasmbus.Actor(string(key(strkey.Module, "nobody").Public()))), "origin"},
		"provider without a link":  {resigned(t, wasmbus.Entity{PublicKey: string(key(strkey.Service, "p").Public()), LinkName: "default", ContractID: "wasmcloud:httpserver"}), "missing link definition"},
		"provider of another kind": {resigned(t, wasmbus.Entity{PublicKey: string(key(strkey.Service, "p").Public()), LinkName: "default", ContractID: "wasmcloud:messaging"}), "missing capability claim"},
	} {
		t.Run(name, func(t *testing.T) {
			inv := c.forge(invocation(t, helloRequest))
			r := w.raw(inv.Marshal())
			if r.InvocationID != inv.ID {
				t.Errorf("the reply is about %q, want %q", r.InvocationID, inv.ID)
			}
			if c.want == "" && r.Error != "" || !strings.Contains(r.Error, c.want) {
				t.Errorf("error %q, want one with %q", r.Error, c.want)
			}
		})
	}
	t.Run("replay", func(t *testing.T) {
		b := invocation(t, helloRequest).Marshal()
		if r := w.raw(b); r.Error != "" {
			t.Fatal(r.Error)
		}
		if r := w.raw(b); !strings.Contains(r.Error, "replay") {
			t.Errorf("error %q", r.Error)
		}
	})
	t.Run("noise", func(t *testing.T) {
		for _, b := range [][]byte{nil, {0xc1}, {0xdf, 0xff, 0xff, 0xff, 0xff}, []byte("hello")} {
			if r := w.raw(b); !strings.Contains(r.Error, "unreadable invocation") {
				t.Errorf("%x: error %q", b, r.Error)
			}
		}
	})
}

// resigned is a genuine invocation of another origin.
func resigned(t *testing.T, origin wasmbus.Entity) func(*wasmbus.Invocation) *wasmbus.Invocation {
	return func(i *wasmbus.Invocation) *wasmbus.Invocation {
		n, err := wasmbus.NewInvocation(origin, i.Target, i.Operation, i.Msg, i.HostID, clusterSeed, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
}

func TestLinkedProviderMayCall(t *testing.T) {
	w := start(t, nil)
	w.startRef(file(t, read(t, "probe_s.wasm")))
	provider := string(key(strkey.Service, "p").Public())
	link := wasmbus.LinkDefinition{ActorID: probeKey, ProviderID: provider, LinkName: "default", ContractID: "wasmcloud:httpserver"}
	if err := w.ctl.PutLink(context.Background(), link); err != nil {
		t.Fatal(err)
	}
	var set wasmbus.LinkChanged
	w.event(wasmbus.EventLinkSet, &set)
	origin := wasmbus.Entity{PublicKey: provider, LinkName: "default", ContractID: "wasmcloud:httpserver"}
	inv := resigned(t, origin)(invocation(t, helloRequest))
	if r := w.raw(inv.Marshal()); r.Error != "" {
		t.Errorf("a linked provider was refused: %s", r.Error)
	}
}

func TestLargeArgumentComesInChunks(t *testing.T) {
	w := start(t, nil)
	w.startRef(file(t, read(t, "probe_s.wasm")))
	body := strings.Repeat("y", 2_000_000)
	payload, err := wasmbus.JSONToMsgpack([]byte(`{"method":"POST","path":"/post","queryString":"","header":{},"body":"` + body + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	reply, err := w.call(probeKey, handle, payload)
	if err != nil || !strings.Contains(string(reply), "POST /post 2000000 bytes") {
		t.Errorf("%q, %v", reply, err)
	}
}

// What somebody announces is fetched only for callers who may call, and only up to a limit.
func TestAnnouncedArgumentsAreNotFetchedForAnybody(t *testing.T) {
	w := start(t, nil)
	w.startRef(file(t, read(t, "probe_s.wasm")))
	ctx := context.Background()
	body := bytes.Repeat([]byte{0xc0}, wasmbus.ChunkThreshold+1)
	announced := func(cluster *strkey.Seed, size uint64) *wasmbus.Invocation {
		inv, err := wasmbus.NewInvocation(wasmbus.Entity{PublicKey: policy.WashOrigin}, wasmbus.Actor(probeKey), handle, body, washHostID, cluster, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		inv.Msg, inv.ContentLength = nil, size
		if err := lattice.PutChunk(ctx, w.conn, "default", inv.ID, body); err != nil {
			t.Fatal(err)
		}
		return inv
	}
	for _, c := range []struct {
		name, want string
		inv        *wasmbus.Invocation
	}{
		{"another cluster's token", "not among the cluster issuers", announced(key(strkey.Cluster, "stranger"), uint64(len(body)))},
		{"more than is accepted", "at most", announced(clusterSeed, lattice.MaxChunked+1)},
		{"4 GiB", "at most", announced(clusterSeed, 4<<30)},
		{"all there is", "at most", announced(clusterSeed, math.MaxUint64)},
	} {
		if r := w.raw(c.inv.Marshal()); !strings.Contains(r.Error, c.want) {
			t.Errorf("%s: %q; want %q", c.name, r.Error, c.want)
		}
		// A fetched body would be gone.
		if got, err := lattice.GetChunk(ctx, w.conn, "default", c.inv.ID, uint64(len(body))); err != nil || len(got) != len(body) {
			t.Errorf("%s: the body was fetched: %v", c.name, err)
		}
	}
	// A genuine token does not cover another body.
	inv := announced(clusterSeed, 8)
	if err := lattice.PutChunk(ctx, w.conn, "default", inv.ID, []byte("8 others")); err != nil {
		t.Fatal(err)
	}
	if r := w.raw(inv.Marshal()); !strings.Contains(r.Error, "(hash)") {
		t.Errorf("another body: %q", r.Error)
	}
}

// One instance, one call at a time: the others wait, and those for whom there is
// no room are told so at once.
func TestFullQueueIsAnError(t *testing.T) {
	w := start(t, func(c *Config) { c.Queue = 1; c.RPCTimeout = time.Second })
	w.startRef(file(t, read(t, "probe_s.wasm")))
	var wg sync.WaitGroup
	var mu sync.Mutex
	var errs []string
	for range 4 {
		wg.Go(func() {
			_, err := w.get(probeKey, "/spin")
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				t.Error("an endless call returned")
				return
			}
			errs = append(errs, err.Error())
		})
	}
	wg.Wait()
	all := strings.Join(errs, "\n")
	if strings.Count(all, "Vector probe (MCLFG44AN6RKNORIDSN5JACURXNEIP5Q6CH2BOG5FCTDF7HE6ES3MCQB) is busy: 1 calls wait for its 1 instances") != 2 || strings.Count(all, "did not answer") != 2 {
		t.Errorf("want 2 refused and 2 timed out, got:\n%s", all)
	}
	testkit.Eventually(t, "the actor to be free again", func() bool {
		got, err := w.get(probeKey, "/x")
		return err == nil && got == "GET /x 0 bytes"
	})
}

func TestFullHostIsAnError(t *testing.T) {
	w := start(t, nil)
	w.startRef(file(t, read(t, "probe_s.wasm")))
	for range maxCalls {
		w.host.room <- struct{}{}
	}
	inv := invocation(t, helloRequest)
	if r := w.raw(inv.Marshal()); r.InvocationID != inv.ID || !strings.Contains(r.Error, "actor "+probeKey+" was not called: the host is busy with 1024 calls") {
		t.Errorf("%+v", r)
	}
	for range maxCalls {
		<-w.host.room
	}
	if _, err := w.get(probeKey, "/x"); err != nil {
		t.Error(err)
	}
}

func TestCallsUnderWayEndBeforeTheHost(t *testing.T) {
	w := start(t, func(c *Config) { c.RPCTimeout = 600 * time.Millisecond })
	w.startRef(file(t, read(t, "probe_s.wasm")))
	got := make(chan error, 1)
	go func() {
		_, err := w.get(probeKey, "/spin")
		got <- err
	}()
	a := w.host.actor(probeKey)
	testkit.Eventually(t, "the call to arrive", func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.active == 1
	})
	w.cancel()
	if err := <-got; err == nil || !strings.Contains(err.Error(), "did not answer") {
		t.Errorf("the caller got %v, want the actor's own failure", err)
	}
}

// Two hosts run an actor: each call is served once, and each question about the
// lattice is answered once.
func TestTwoHostsInOneLattice(t *testing.T) {
	w := start(t, nil)
	second := start(t, func(c *Config) {
		c.Server, c.Connect = nil, lattice.ConnectConfig{URL: w.host.Info().NATSURL}
	})
	ref := file(t, read(t, "probe_s.wasm"))
	w.startRef(ref)
	second.startRef(ref)

	hosts, err := w.ctl.Hosts(context.Background())
	if err != nil || len(hosts) != 2 {
		t.Errorf("%d hosts, %v; want 2", len(hosts), err)
	}
	control := wasmbus.Control{Lattice: "default"}
	for _, subject := range []string{control.Claims(), control.Links(), control.Base() + ".get.nonsense"} {
		if n := w.answers(subject, nil); n != 1 {
			t.Errorf("%s is answered %d times", subject, n)
		}
	}
	if n := w.answers(control.AuctionActor(), []byte(`{"actor_ref":"x","constraints":{}}`)); n != 2 {
		t.Errorf("an auction for all has %d bids", n)
	}
	for range 20 {
		if _, err := w.get(probeKey, "/x"); err != nil {
			t.Error(err)
		}
	}
	if n := strings.Count(w.logs.String()+second.logs.String(), "msg=call "); n != 20 {
		t.Errorf("20 calls ran %d times", n)
	}
}

// answers counts the replies to a question until silence, which is told by the
// reply to a ping that was sent later and comes last.
func (w *world) answers(subject string, body []byte) int {
	w.t.Helper()
	var mu sync.Mutex
	count, pings := 0, 0
	inbox := w.conn.NATS().NewInbox()
	stop, err := w.conn.Subscribe(inbox+".*", "", func(subject, _ string, _ []byte) {
		mu.Lock()
		defer mu.Unlock()
		if strings.HasSuffix(subject, ".ping") {
			pings++
		} else {
			count++
		}
	})
	if err != nil {
		w.t.Fatal(err)
	}
	defer stop()
	nc := w.conn.NATS()
	if err := nc.PublishRequest(subject, inbox+".q", body); err != nil {
		w.t.Fatal(err)
	}
	// Hosts answer on one connection each, but questions on several
	// subscriptions: two rounds make sure that the first has been served.
	for round := range 2 {
		if err := nc.PublishRequest(w.host.control().PingHosts(), inbox+".ping", nil); err != nil {
			w.t.Fatal(err)
		}
		testkit.Eventually(w.t, "two hosts to answer a ping", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return pings >= 2*(round+1)
		})
	}
	testkit.Eventually(w.t, "an answer on "+subject, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return count > 0
	})
	mu.Lock()
	defer mu.Unlock()
	return count
}
