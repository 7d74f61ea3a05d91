package lattice

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// Subscription receives messages of a lattice, none of which is lost between
// Subscribe's return and the last Next.
type Subscription struct {
	subs  []*nats.Subscription
	queue chan *nats.Msg
	done  chan struct{}
	once  sync.Once
	seen  recent
}

// queueLength is how many messages may wait; then NATS drops further ones.
const queueLength = 4096

// subscribe returns when the server knows of the subscription: commands sent
// afterwards, by anybody, have their events received.
func subscribe(ctx context.Context, conn *Conn, subjects ...string) (*Subscription, error) {
	s := &Subscription{queue: make(chan *nats.Msg, queueLength), done: make(chan struct{})}
	for _, subject := range subjects {
		sub, err := conn.nc.ChanSubscribe(subject, s.queue)
		if err != nil {
			s.Close()
			return nil, fmt.Errorf("subscribing to %s: %w", subject, err)
		}
		s.subs = append(s.subs, sub)
	}
	if err := flush(ctx, conn); err != nil {
		s.Close()
		return nil, fmt.Errorf("subscribing to %s: %w", subjects[0], err)
	}
	return s, nil
}

// flush waits for the server; the client library insists on a deadline.
func flush(ctx context.Context, conn *Conn) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, connectTimeout)
		defer cancel()
	}
	return conn.nc.FlushWithContext(ctx)
}

// Close ends the subscription; Next then fails.
func (s *Subscription) Close() {
	s.once.Do(func() {
		for _, sub := range s.subs {
			_ = sub.Unsubscribe()
		}
		close(s.done)
	})
}

func (s *Subscription) next(ctx context.Context) (*nats.Msg, error) {
	select {
	case m := <-s.queue:
		return m, nil
	case <-s.done:
		return nil, errors.New("the subscription was closed")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// SubscribeEvents receives the events of a lattice. Newer Rust hosts publish
// each twice, on two subjects; Next gives it once.
func SubscribeEvents(ctx context.Context, conn *Conn, lattice string) (*Subscription, error) {
	return subscribe(ctx, conn, wasmbus.EventSubject(lattice), wasmbus.EventWildcard(lattice))
}

// Next waits for an event. Messages that are no events are passed over: one
// misbehaving host must not stop everybody who listens.
func (s *Subscription) Next(ctx context.Context) (*wasmbus.CloudEvent, error) {
	for {
		m, err := s.next(ctx)
		if err != nil {
			return nil, err
		}
		e, err := wasmbus.ParseEvent(m.Data)
		if err == nil && (e.ID == "" || s.seen.add(e.ID)) {
			return e, nil
		}
	}
}

// SubscribeLogs receives the log lines of a lattice's actors.
func SubscribeLogs(ctx context.Context, conn *Conn, lattice string) (*Subscription, error) {
	return subscribe(ctx, conn, wasmbus.LogSubject(lattice))
}

// NextLog waits for a log line.
func (s *Subscription) NextLog(ctx context.Context) (wasmbus.LogLine, error) {
	for {
		m, err := s.next(ctx)
		if err != nil {
			return wasmbus.LogLine{}, err
		}
		var line wasmbus.LogLine
		if wasmbus.DecodeJSON(m.Data, &line) == nil {
			return line, nil
		}
	}
}

// recent remembers the last few ids.
type recent struct {
	ids  [64]string
	next int
}

func (r *recent) add(id string) bool {
	for _, old := range r.ids {
		if old == id {
			return false
		}
	}
	r.ids[r.next] = id
	r.next = (r.next + 1) % len(r.ids)
	return true
}
