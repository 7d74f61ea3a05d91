//go:build unix

package core

import (
	"context"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// natsServer is a server of its own, which can be stopped and started again
// where it was.
type natsServer struct {
	t      *testing.T
	cfg    embedded.Config
	server *embedded.Server
}

func serveNATS(t *testing.T) *natsServer {
	n := &natsServer{t: t, cfg: embedded.Config{Port: -1, StoreDir: t.TempDir()}}
	n.start()
	u, err := url.Parse(n.server.URL())
	if err != nil {
		t.Fatal(err)
	}
	if n.cfg.Port, err = strconv.Atoi(u.Port()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.server.Shutdown() })
	return n
}

func (n *natsServer) start() {
	n.t.Helper()
	var err error
	if n.server, err = embedded.Start(context.Background(), n.cfg); err != nil {
		n.t.Fatal(err)
	}
}

func (n *natsServer) restart() {
	n.t.Helper()
	n.server.Shutdown()
	n.start()
}

// joined is a host on that server.
func (n *natsServer) joined(c *Config) {
	c.Server, c.Connect = nil, lattice.ConnectConfig{URL: n.server.URL()}
}

// The NATS server goes away while calls are under way, twice. Afterwards calls,
// commands, links and events work as before, and no provider was lost.
func TestNATSIsRestartedUnderLoad(t *testing.T) {
	n := serveNATS(t)
	w := start(t, n.joined)
	w.startRef(file(t, read(t, "probe_s.wasm")))
	p := w.startProvider(parFile(t, archive(t, "kv", nil)), "")
	w.link(p.PublicKey, "default")
	w.counts("count=1")
	pid := w.processOf(p)
	w.timeout = 500 * time.Millisecond // for answers that get lost

	ctx, cancel := context.WithCancel(context.Background())
	var load sync.WaitGroup
	var served atomic.Int64
	for range 4 {
		load.Go(func() {
			for ctx.Err() == nil {
				if _, err := w.get(probeKey, "/hello"); err == nil {
					served.Add(1)
				}
			}
		})
	}
	for range 2 {
		before := served.Load()
		testkit.Eventually(t, "calls", func() bool { return served.Load() > before+10 })
		n.restart()
	}
	before := served.Load()
	testkit.Eventually(t, "calls again", func() bool { return served.Load() > before+10 })
	cancel()
	load.Wait()

	w.timeout = patience
	testkit.Eventually(t, "the provider", func() bool { _, err := w.get(probeKey, "/count"); return err == nil })
	if got := w.processOf(p); got != pid {
		t.Errorf("process %d, %d before", got, pid)
	}
	links, err := w.ctl.Links(context.Background())
	if err != nil || len(links) != 1 {
		t.Errorf("links %v, %v", links, err)
	}
	if inv, err := w.ctl.Inventory(context.Background(), w.host.Info().HostID); err != nil || len(inv.Providers) != 1 || len(inv.Actors) != 1 {
		t.Errorf("inventory %+v, %v", inv, err)
	}
	// The watch of the bucket goes on at once, not when the client library misses
	// the server's heartbeats, which takes it ten seconds and more.
	began := time.Now()
	w.link(p.PublicKey, "second")
	testkit.Eventually(t, "the new link", func() bool { _, ok := w.host.know.provider(probeKey, kvContract, "second"); return ok })
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("the host knows a new link after %v", took)
	}
	w.stopProvider(p)
}

// Two hosts share the calls of an actor and of a provider; one goes, the other
// serves on, and the lattice's state is whole.
func TestOneOfTwoHostsGoes(t *testing.T) {
	n := serveNATS(t)
	ref, actor := parFile(t, archive(t, "kv", nil)), file(t, read(t, "probe_s.wasm"))
	hosts := []*world{start(t, n.joined), start(t, n.joined)}
	var runs []wasmbus.ProviderStarted
	for _, w := range hosts {
		w.startRef(actor)
		runs = append(runs, w.startProvider(ref, ""))
	}
	l := hosts[0].link(runs[0].PublicKey, "default")
	for _, w := range hosts {
		testkit.Eventually(t, "the link on each host", func() bool { _, ok := w.host.know.provider(probeKey, kvContract, "default"); return ok })
	}
	// Both processes know the link and take calls: each counts for itself, so a
	// count comes up twice.
	seen := map[string]int{}
	testkit.Eventually(t, "both providers to answer", func() bool {
		got, err := hosts[0].get(probeKey, "/count")
		if err == nil {
			seen[got]++
		}
		return seen[got] > 1
	})

	pid := hosts[0].processOf(runs[0])
	hosts[0].stop()
	if alive(pid) {
		t.Error("a process of the host that went lives on")
	}
	for range 20 {
		if _, err := hosts[1].get(probeKey, "/count"); err != nil {
			t.Fatal(err)
		}
	}
	links, err := hosts[1].ctl.Links(context.Background())
	if err != nil || len(links) != 1 || links[0].ID() != l.ID() {
		t.Errorf("links %v, %v", links, err)
	}
	records, err := hosts[1].ctl.Claims(context.Background())
	if err != nil || len(records) != 2 {
		t.Errorf("claims %v, %v", records, err)
	}
}

// A host that has lost its lattice ends as quickly as any: it does not wait for a server
// that is away with each of its subscriptions.
func TestHostEndsWithoutNATS(t *testing.T) {
	n := serveNATS(t)
	w := start(t, n.joined)
	w.startRef(file(t, read(t, "probe_s.wasm")))
	n.server.Shutdown()
	testkit.Eventually(t, "the host to notice", func() bool { return !w.host.conn.NATS().IsConnected() })
	began := time.Now()
	w.stop()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}
