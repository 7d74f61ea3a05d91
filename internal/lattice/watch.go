package lattice

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// watchTime bounds the request for a watch: it may get lost with the server
	// that it was sent to.
	watchTime = 5 * time.Second
	// watchPause lies between two attempts to watch a bucket.
	watchPause = 250 * time.Millisecond
)

// Watch calls changed for every entry, first those that exist, then each
// change in order. It returns when the existing ones were handed over; the
// rest comes from one goroutine until ctx ends or stop is called, which waits
// for that goroutine. What changes while the server is away is told as soon as
// it is back.
func (s *State) Watch(ctx context.Context, changed func(Change)) (stop func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	f := &follower{kv: s.kv, connected: s.nc.StatusChanged(nats.CONNECTED), changed: changed, seen: map[string]version{}}
	if err := f.begin(ctx, true); err != nil {
		cancel()
		s.nc.RemoveStatusListener(f.connected)
		return nil, fmt.Errorf("watching bucket %s: %w", s.kv.Bucket(), err)
	}
	var done sync.WaitGroup
	done.Go(func() {
		defer s.nc.RemoveStatusListener(f.connected)
		f.follow(ctx)
	})
	return func() { cancel(); done.Wait() }, nil
}

// follower watches a bucket beyond the end of a connection. The client library
// notices that a restarted server has lost its watch by missing heartbeats
// alone, more than ten seconds later, and not at all if the bucket was gone for
// a moment.
type follower struct {
	kv        jetstream.KeyValue
	connected chan nats.Status // a status each time that the connection is there again
	changed   func(Change)
	seen      map[string]version // by key: each entry is handed over once

	watcher jetstream.KeyWatcher
	end     context.CancelFunc // of the watcher
}

// version tells entries of one key apart, also where a bucket was made anew and
// counts from 1.
type version struct {
	revision uint64
	created  time.Time
}

var errConnectedAgain = errors.New("the connection was lost meanwhile")

// begin watches, and hands over what exists and was not seen.
func (f *follower) begin(ctx context.Context, initial bool) error {
	ctx, f.end = context.WithCancel(ctx)
	late := time.AfterFunc(watchTime, f.end)
	w, err := f.kv.WatchAll(ctx)
	if err != nil {
		f.end()
		return err
	}
	f.watcher = w
	if !late.Stop() {
		return f.quit(context.DeadlineExceeded)
	}
	there := map[string]bool{}
	for {
		select {
		case <-ctx.Done():
			return f.quit(ctx.Err())
		case <-f.connected:
			return f.quit(errConnectedAgain)
		case e, ok := <-f.watcher.Updates():
			switch {
			case !ok:
				return f.quit(errors.New("the watch was closed"))
			case e == nil:
				f.lost(there)
				return nil
			}
			there[e.Key()] = true
			f.take(e, initial)
		}
	}
}

// quit ends the watcher, which would wait for somebody to take its entries.
func (f *follower) quit(err error) error {
	f.end()
	go func(w jetstream.KeyWatcher) {
		for range w.Updates() { // closed with the subscription
		}
	}(f.watcher)
	return err
}

func (f *follower) take(e jetstream.KeyValueEntry, initial bool) {
	v := version{e.Revision(), e.Created()}
	if f.seen[e.Key()] == v {
		return
	}
	f.seen[e.Key()] = v
	c := newChange(e)
	c.Initial = initial
	f.changed(c)
}

// lost reports the end of entries of which not even a marker is left: those of a
// bucket that was made anew.
func (f *follower) lost(there map[string]bool) {
	for key := range f.seen {
		if !there[key] {
			delete(f.seen, key)
			c := changeOf(key)
			c.Deleted = true
			f.changed(c)
		}
	}
}

// follow hands over changes until ctx ends.
func (f *follower) follow(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			_ = f.quit(nil)
			return
		case <-f.connected:
			_ = f.quit(nil)
			f.again(ctx)
		case e, ok := <-f.watcher.Updates():
			switch {
			case !ok:
				f.again(ctx)
			case e != nil:
				f.take(e, false)
			}
		}
	}
}

// again watches anew, as often as it takes, and says once that it fails.
func (f *follower) again(ctx context.Context) {
	told := false
	for {
		err := f.begin(ctx, false)
		if err == nil || ctx.Err() != nil {
			return
		}
		if !told && !errors.Is(err, errConnectedAgain) {
			told = true
			f.changed(Change{Err: fmt.Errorf("watching bucket %s, which is tried on: %w", f.kv.Bucket(), err)})
		}
		pause := time.NewTimer(watchPause)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		pause.Stop()
	}
}
