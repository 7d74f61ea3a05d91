package kvnats

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// bucket changes values by compare and swap, so that any number of providers may share it.
type bucket struct {
	kv  jetstream.KeyValue
	now func() time.Time
	// locks keep the calls of this process from racing each other for a busy key.
	locks [256]sync.Mutex
}

// found is a value as it was read.
type found struct {
	record
	exists   bool
	revision uint64 // 0 = there was never one
}

// get reads a value; one that has expired does not exist.
func (b *bucket) get(ctx context.Context, key string) (found, error) {
	entry, err := b.kv.Get(ctx, key)
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound): // never written, or deleted
		return found{}, nil
	case err != nil:
		return found{}, explain(err)
	}
	r, err := readRecord(entry.Value())
	if err != nil {
		return found{}, fmt.Errorf("revision %d: %w", entry.Revision(), err)
	}
	return found{r, !r.expired(b.now()), entry.Revision()}, nil
}

// change is what becomes of a value.
type change int

const (
	keep change = iota
	write
	remove
)

// update reads a value, lets decide make another of it, and writes that if nobody wrote meanwhile;
// else it begins again. An error may come after the write was sent: it may have happened then.
func (b *bucket) update(ctx context.Context, key string, decide func(old found) (record, change, error)) error {
	lock := &b.locks[maphash.String(stripes, key)%uint64(len(b.locks))]
	lock.Lock()
	defer lock.Unlock()
	for try := 0; ; try++ {
		old, err := b.get(ctx, key)
		if err != nil {
			return err
		}
		next, what, err := decide(old)
		if err != nil {
			return err
		}
		if err := b.apply(ctx, key, old, next, what); !conflict(err) {
			return explain(err)
		}
		if err := pause(ctx, try); err != nil {
			return errors.New("other writers changed the value all the time; nothing was written")
		}
	}
}

// stripes only spreads keys over locks.
var stripes = maphash.MakeSeed()

func (b *bucket) apply(ctx context.Context, key string, old found, next record, what change) error {
	switch {
	case what == write && old.revision == 0:
		_, err := b.kv.Create(ctx, key, next.marshal())
		return err
	case what == write:
		_, err := b.kv.Update(ctx, key, next.marshal(), old.revision)
		return err
	case what == remove && old.revision != 0:
		return b.kv.Delete(ctx, key, jetstream.LastRevision(old.revision))
	}
	return nil
}

// conflict: somebody else wrote first.
func conflict(err error) bool {
	var api *jetstream.APIError
	return errors.Is(err, jetstream.ErrKeyExists) ||
		errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence
}

// pause lets other writers go first, longer each time.
func pause(ctx context.Context, try int) error {
	wait := time.NewTimer(rand.N(time.Millisecond << min(try, 5)))
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, nats.ErrMaxPayload):
		return errors.New("the value is too large for a key-value bucket of this NATS server (a list or set counts as one value)")
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the NATS server did not answer in time; a write may have happened: %w", err)
	case errors.Is(err, jetstream.ErrNoStreamResponse), errors.Is(err, jetstream.ErrStreamNotFound), errors.Is(err, nats.ErrNoResponders):
		return fmt.Errorf("%w: %w", errGone, err)
	}
	return err
}

// errGone: no stream answers for the bucket, so nothing was read or written.
var errGone = errors.New("the bucket is gone, or JetStream is not up yet")
