package lattice_test

import (
	"context"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// outage is a server that goes and comes back at its address.
type outage struct {
	t      *testing.T
	ctx    context.Context
	server *embedded.Server
	port   int
}

func newOutage(t *testing.T, store string) *outage {
	t.Helper()
	o := &outage{t: t, ctx: testContext(t), port: -1}
	o.start(store)
	u, err := url.Parse(o.server.URL())
	if err == nil {
		o.port, err = strconv.Atoi(u.Port())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.server.Shutdown() })
	return o
}

func (o *outage) start(store string) {
	o.t.Helper()
	var err error
	if o.server, err = embedded.Start(o.ctx, embedded.Config{Port: o.port, StoreDir: store}); err != nil {
		o.t.Fatal(err)
	}
}

// watch puts a record into the bucket and watches it.
func (o *outage) watch(first string, got *changes) (*lattice.Conn, *lattice.State) {
	o.t.Helper()
	conn, err := lattice.Connect(o.ctx, lattice.ConnectConfig{URL: o.server.URL()})
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(conn.Close)
	s, err := lattice.OpenState(o.ctx, conn, "default")
	if err != nil {
		o.t.Fatal(err)
	}
	o.record(s, first)
	stop, err := s.Watch(o.ctx, got.add)
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(stop)
	return conn, s
}

func (o *outage) record(s *lattice.State, key string) {
	o.t.Helper()
	testkit.Eventually(o.t, "the bucket to take "+key, func() bool {
		ctx, cancel := context.WithTimeout(o.ctx, time.Second) // one sent to a server that goes away is never answered
		defer cancel()
		return s.PutClaims(ctx, wasmbus.ClaimsRecord{wasmbus.ClaimSubject: key}) == nil
	})
}

// The server comes back with another bucket, whose count of changes begins anew:
// what was in the old one is gone, and what comes into the new one is told.
func TestWatchOutlivesItsBucket(t *testing.T) {
	o := newOutage(t, t.TempDir())
	var got changes
	conn, s := o.watch("M1", &got)
	for _, key := range []string{"M2", "M3", "M4"} {
		o.record(s, key)
	}
	o.server.Shutdown()
	o.start(t.TempDir())
	testkit.Eventually(t, "a bucket", func() bool { _, err := lattice.OpenState(o.ctx, conn, "default"); return err == nil })
	o.record(s, "M5")
	testkit.Eventually(t, "the new record", func() bool { return got.count("M5", false) == 1 })
	testkit.Eventually(t, "the end of the old ones", func() bool { return got.count("M1", true) == 1 })
}

// Coming back to the same bucket tells what changed in between, and nothing twice.
func TestWatchTellsNothingTwice(t *testing.T) {
	store := t.TempDir()
	o := newOutage(t, store)
	var got changes
	_, s := o.watch("M1", &got)
	o.server.Shutdown()
	o.start(store)
	o.record(s, "M2")
	testkit.Eventually(t, "the new record", func() bool { return got.count("M2", false) == 1 })
	if n := got.count("M1", false); n != 1 {
		t.Errorf("the old record was told %d times", n)
	}
}
