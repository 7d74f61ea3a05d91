package soak

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/keyvalue"
)

var (
	soakTime = flag.Duration("soak", 30*time.Second, "how long to kill at random")
	soakSeed = flag.Uint64("soak-seed", 0, "repeat the kills of an earlier run; 0 = others each time")
)

// writer writes values of its own and counts what was acknowledged.
type writer struct {
	name      string
	client    keyvalue.Client
	stored    map[string]string
	tried     int32 // increments
	increased int32 // acknowledged ones
	lost      int   // writes without an answer
}

func (w *world) writer(i int, conn *lattice.Conn) *writer {
	actor := wasmbus.Actor(string(key(strkey.Module, "soak").Public()))
	target := wasmbus.Entity{PublicKey: string(key(strkey.Service, "soak").Public()), LinkName: "default", ContractID: contract}
	call := func(operation string, payload []byte) ([]byte, error) {
		return lattice.Call(context.Background(), conn, lattice.CallOptions{
			Target: target, Origin: actor, Operation: operation, Payload: payload,
			HostKey: key(strkey.Server, "soak client"), Cluster: key(strkey.Cluster, "soak"), Timeout: time.Second,
		})
	}
	return &writer{name: fmt.Sprintf("writer%d", i), client: keyvalue.Client{Call: call}, stored: map[string]string{}}
}

func (w *writer) run(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		k, v := fmt.Sprintf("%s-%d", w.name, n), fmt.Sprint(rand.Uint64())
		if w.client.Set(keyvalue.SetRequest{Key: k, Value: v}) == nil {
			w.stored[k] = v
		} else {
			w.lost++
		}
		w.tried++
		if _, err := w.client.Increment(w.name, 1); err == nil {
			w.increased++
		}
		// Not as fast as can be: the machine has other things to do.
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// check reads everything back.
func (w *writer) check(t *testing.T) {
	t.Helper()
	for k, v := range w.stored {
		got, err := w.client.Get(k)
		if err != nil || !got.Exists || got.Value != v {
			t.Errorf("%s: %+v, %v; %q was acknowledged", k, got, err, v)
		}
	}
	got, err := w.client.Increment(w.name, 0)
	if err != nil || got < w.increased || got > w.tried {
		t.Errorf("%s: %d, %v; %d of %d increments were acknowledged", w.name, got, err, w.increased, w.tried)
	}
}

// run starts the hosts, and connects to their lattice until the test ends.
func (w *world) run() *lattice.Conn {
	w.t.Helper()
	for _, h := range w.hosts {
		if err := h.start(w.t.Context()); err != nil {
			w.t.Fatalf("%v\n%s", err, h.log)
		}
	}
	conn, err := lattice.Connect(w.t.Context(), lattice.ConnectConfig{URL: w.url})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(conn.Close)
	return conn
}

func TestNoAcknowledgedWriteIsLost(t *testing.T) {
	seed := *soakSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("repeat this by -soak-seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 0))

	w := newWorld(t)
	conn := w.run()
	err := lattice.NewControl(conn, lattice.ControlConfig{}).PutLink(t.Context(), wasmbus.LinkDefinition{
		ActorID: string(key(strkey.Module, "soak").Public()), ProviderID: string(key(strkey.Service, "soak").Public()), LinkName: "default", ContractID: contract,
	})
	if err != nil {
		t.Fatal(err)
	}
	var writers []*writer
	for i := range 4 {
		writers = append(writers, w.writer(i, conn))
	}
	testkit.Eventually(t, "a first write", func() bool { return writers[0].client.Set(keyvalue.SetRequest{Key: "first"}) == nil })

	ctx, cancel := context.WithTimeout(t.Context(), *soakTime)
	defer cancel()
	var load sync.WaitGroup
	for _, wr := range writers {
		load.Go(func() { wr.run(ctx) })
	}
	kills := w.wreck(ctx, dice)
	load.Wait()

	testkit.Eventually(t, "a last write", func() bool { return writers[0].client.Set(keyvalue.SetRequest{Key: "last"}) == nil })
	acknowledged, lost := 0, 0
	for _, wr := range writers {
		wr.check(t)
		acknowledged += len(wr.stored)
		lost += wr.lost
	}
	t.Logf("killed: %v; %d writes acknowledged, %d without an answer", kills, acknowledged, lost)
	if acknowledged == 0 {
		t.Error("nothing was written")
	}
}

// wreck kills something every second or so until ctx ends, and says how often
// what. At its end everything runs.
func (w *world) wreck(ctx context.Context, dice *rand.Rand) map[string]int {
	kills := map[string]int{}
	for pause(ctx, time.Duration(300+dice.IntN(1200))*time.Millisecond) {
		h := w.hosts[dice.IntN(len(w.hosts))]
		switch n := dice.IntN(10); {
		case n < 6:
			for _, pid := range h.providers() {
				_ = syscall.Kill(pid, syscall.SIGKILL)
				kills["provider"]++
			}
		case n < 9:
			h.kill()
			kills["host"]++
			testkit.Eventually(w.t, "the host to start again", func() bool {
				err := h.start(context.WithoutCancel(ctx))
				if err != nil {
					h.kill()
				}
				return err == nil
			})
		default:
			w.server.Shutdown()
			w.startNATS()
			kills["nats"]++
		}
	}
	return kills
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
