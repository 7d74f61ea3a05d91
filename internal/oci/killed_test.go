package oci

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

// mortal is a registry on a port of its own that can be killed, with all connections,
// and started again.
type mortal struct {
	handler http.Handler
	address string

	mu     sync.Mutex
	server *http.Server
	done   chan struct{}
}

func newMortal(t *testing.T, h http.Handler) *mortal {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mortal{handler: h, address: ln.Addr().String()}
	m.start(ln)
	t.Cleanup(m.kill)
	return m
}

func (m *mortal) start(ln net.Listener) {
	m.server, m.done = &http.Server{Handler: m.handler}, make(chan struct{})
	go func(s *http.Server, done chan struct{}) {
		defer close(done)
		s.Serve(ln) // ends with kill
	}(m.server, m.done)
}

func (m *mortal) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.server.Close()
	<-m.done
}

// revive listens on the port that it had.
func (m *mortal) revive() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	select {
	case <-m.done:
	default:
		return nil // it lives
	}
	ln, err := net.Listen("tcp", m.address)
	if err == nil {
		m.start(ln)
	}
	return err
}

// deadly kills a registry at the n-th request that has bytes for it.
func deadly(m *mortal, n int) registry.Fault {
	var mu sync.Mutex
	return registry.Fault{Path: "/uploads/", Serve: func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		mu.Lock()
		n--
		now := n == 0
		mu.Unlock()
		if now {
			go m.kill()
			io.Copy(io.Discard, req.Body) // a connection is watched only when it has been read
			<-req.Context().Done()
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, req)
	}}
}

// batch pushes n artifacts, four at a time, and gives those that were acknowledged.
func (f *fixture) batch(host string, n int) (acknowledged map[int]Pushed, errs []error) {
	var mu sync.Mutex
	var wait sync.WaitGroup
	gate := make(chan struct{}, 4)
	acknowledged = map[int]Pushed{}
	for i := range n {
		gate <- struct{}{}
		wait.Go(func() {
			defer func() { <-gate }()
			out, err := f.client.Push(context.Background(), Ref{Registry: host, Repository: fmt.Sprint("echo", i%7), Tag: fmt.Sprint(i)}, actor(random(70<<10+i)))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, err)
				return
			}
			acknowledged[i] = out
		})
	}
	wait.Wait()
	return acknowledged, errs
}

// TestKilledUnderLoad: a batch goes on when the registry is back; one that has lost what
// it had not written out is sent it again; and what was acknowledged is there.
func TestKilledUnderLoad(t *testing.T) {
	for name, loses := range map[string]bool{"comes back": false, "comes back and has lost something": true} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, registry.Options{}, overNetwork)
			t.Cleanup(f.client.Close)
			m := newMortal(t, f.Registry)
			var naps atomic.Int32
			f.cfg.Sleep = func(ctx context.Context, _ time.Duration) error {
				if naps.Add(1) < 5 {
					return ctx.Err() // whoever tries now is refused
				}
				if loses {
					f.LoseBlobs()
				}
				if err := m.revive(); err != nil { // somebody started it again meanwhile
					t.Error(err)
				}
				return ctx.Err()
			}
			f.restart()
			f.Inject(deadly(m, 31))
			const n = 24
			done, errs := f.batch(m.address, n)
			if len(done) != n {
				t.Fatalf("%d of %d pushed: %v", len(done), n, errs)
			}
			f.intact(t, done)
		})
	}
}

// TestKilledForGood: what is not acknowledged has no tag, or a whole artifact under it.
func TestKilledForGood(t *testing.T) {
	f := newFixture(t, registry.Options{}, overNetwork)
	t.Cleanup(f.client.Close)
	m := newMortal(t, f.Registry)
	f.Inject(deadly(m, 31))
	const n = 24
	done, errs := f.batch(m.address, n)
	if len(done) == 0 || len(errs) == 0 || len(done)+len(errs) != n {
		t.Fatalf("%d pushed, %d failed", len(done), len(errs))
	}
	wantError(t, errs[len(errs)-1], "no registry answers at "+m.address, "given up after 7 tries")
	f.intact(t, done)
	for i := range n {
		if digest := f.Tag(fmt.Sprint("echo", i%7), fmt.Sprint(i)); digest != "" && f.Blob(fmt.Sprint("echo", i%7), digestOf(random(70<<10+i))) == nil {
			t.Errorf("tag %d leads to nothing", i)
		}
	}
}

// intact looks past the protocol at what a registry has.
func (f *fixture) intact(t *testing.T, acknowledged map[int]Pushed) {
	t.Helper()
	for i, out := range acknowledged {
		name, data := fmt.Sprint("echo", i%7), random(70<<10+i)
		if f.Tag(name, fmt.Sprint(i)) != out.Digest || !bytes.Equal(f.Blob(name, digestOf(data)), data) {
			t.Errorf("%s was acknowledged and is not there", out.Ref)
		}
	}
}

// TestNobodyIsNotWaitedFor: a registry that never answered is told of at once.
func TestNobodyIsNotWaitedFor(t *testing.T) {
	f := newFixture(t, registry.Options{}, overNetwork)
	m := newMortal(t, f.Registry)
	m.kill()
	wantError(t, f.client.Ping(t.Context(), m.address), "no registry answers at "+m.address, "`registry up`")
	if len(f.clock.naps) != 0 {
		t.Errorf("waited %v", f.clock.naps)
	}
}
