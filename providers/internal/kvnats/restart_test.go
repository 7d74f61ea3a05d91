package kvnats

import (
	"errors"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/providerbed"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/keyvalue"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

// natsAt is a server that can be stopped and started again at the same port.
type natsAt struct {
	t      *testing.T
	dir    string
	port   int
	server *embedded.Server
}

func (n *natsAt) start() {
	n.t.Helper()
	s, err := embedded.Start(providerbed.Context(n.t), embedded.Config{Port: n.port, StoreDir: n.dir})
	if err != nil {
		n.t.Fatal(err)
	}
	u, err := url.Parse(s.URL())
	if err != nil {
		n.t.Fatal(err)
	}
	n.port, _ = strconv.Atoi(u.Port())
	n.server = s
	n.t.Cleanup(s.Shutdown)
}

func newNATS(t *testing.T) *natsAt {
	n := &natsAt{t: t, dir: t.TempDir(), port: -1}
	n.start()
	return n
}

func onServer(t *testing.T, n *natsAt) keyvalue.Client {
	t.Helper()
	b := providerbed.Start(t, New(), providerbed.Setup{
		Contract: keyvalue.Contract, Server: n.server,
		Links: []provider.LinkDefinition{providerbed.Link(keyvalue.Contract, providerbed.Actor(0), nil)},
		Data:  func(d *provider.HostData) { d.DefaultRPCTimeoutMS = 1000 },
	})
	b.Timeout = time.Second
	return client(b, 0)
}

// What was acknowledged is there after the NATS server was ended and started under load.
func TestNoAcknowledgedWriteIsLost(t *testing.T) {
	n := newNATS(t)
	kv := onServer(t, n)
	if _, err := kv.Increment("n", 0); err != nil {
		t.Fatal(err)
	}
	var acknowledged, failed atomic.Int32
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := kv.Increment("n", 1); err != nil {
					failed.Add(1)
				} else {
					acknowledged.Add(1)
				}
			}
		})
	}
	for range 3 {
		before := acknowledged.Load()
		providerbed.Eventually(t, "writes are acknowledged", func() bool { return acknowledged.Load() > before+20 })
		n.server.Shutdown()
		n.start()
	}
	before := acknowledged.Load()
	providerbed.Eventually(t, "writes are acknowledged again", func() bool { return acknowledged.Load() > before+20 })
	close(stop)
	writers.Wait()
	sum, err := kv.Increment("n", 0)
	if err != nil {
		t.Fatal(err)
	}
	// A write whose answer was lost may have happened.
	if got := acknowledged.Load(); sum < got || sum > got+failed.Load() {
		t.Errorf("%d writes were acknowledged and %d failed, the value is %d", got, failed.Load(), sum)
	}
}

func TestABucketThatIsGoneIsMadeAnew(t *testing.T) {
	n := newNATS(t)
	kv := onServer(t, n)
	if _, err := kv.Increment("n", 5); err != nil {
		t.Fatal(err)
	}
	n.server.Shutdown()
	n.dir = t.TempDir()
	n.start()
	var last error
	providerbed.Eventually(t, "the provider answers", func() bool {
		sum, err := kv.Increment("n", 1)
		if err == nil && sum != 1 {
			last = errors.New("the old value is there")
		}
		return err == nil
	})
	if last != nil {
		t.Error(last)
	}
}
