package lattice_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

func TestMain(m *testing.M) {
	// The client of the object store, closed at the wrong moment, waits on a nil channel forever.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/nats-io/nats.go/jetstream.(*jetStream).resetPendingAcksOnReconnect"))
}

const (
	actorKey  = "MCATS5YOVB6ROX2WUNKGNQ2MP3GMXDMKSG2O4N5CLX3A6W4PZGZZJPUL"
	otherKey  = "MCLFG44AN6RKNORIDSN5JACURXNEIP5Q6CH2BOG5FCTDF7HE6ES3MCQB"
	provKey   = "VDWUSKGGFDI4FRXK5EBTRECZSVQSSWJHHJOGH6JWG3AUMFFMQ435CDVS"
	echoRef   = "localhost:5000/echo:0.1.0"
	echoRef2  = "localhost:5000/echo:0.2.0"
	otherRef  = "localhost:5000/other:0.1.0"
	testLimit = 20 * time.Second
)

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), testLimit)
	t.Cleanup(cancel)
	return ctx
}

// newServer starts a server that listens on a free port.
func newServer(t testing.TB) *embedded.Server {
	t.Helper()
	s, err := embedded.Start(testContext(t), embedded.Config{Port: -1, StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return s
}

func connect(t testing.TB, s *embedded.Server) *lattice.Conn {
	t.Helper()
	c, err := lattice.Connect(testContext(t), lattice.ConnectConfig{URL: s.URL(), Name: t.Name()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func seedOf(k strkey.Kind, fill byte) *strkey.Seed {
	return strkey.FromRaw(k, [32]byte(bytes.Repeat([]byte{fill}, 32)))
}

// eventually polls until ok holds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.After(testLimit)
	for !ok() {
		select {
		case <-end:
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}
