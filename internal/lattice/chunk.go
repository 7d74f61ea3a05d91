package lattice

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

const (
	// ChunkTime is what peers add to a call's timeout when it is chunked.
	ChunkTime = 13 * time.Second
	// MaxChunked is the largest payload we fetch, in bytes. The announced
	// length comes from outside; without a limit it would decide our memory.
	MaxChunked = 256 << 20
)

// ReplyChunk names the object of a result; a request's is the id itself.
func ReplyChunk(invocationID string) string { return invocationID + "-r" }

// PutChunk stores a payload for a receiver; it has arrived when this returns.
func PutChunk(ctx context.Context, conn *Conn, lattice, name string, data []byte) error {
	store, err := conn.objectStore(ctx, lattice, true)
	if err != nil {
		return err
	}
	if _, err := store.Put(ctx, jetstream.ObjectMeta{Name: name}, bytes.NewReader(data)); err != nil {
		return fmt.Errorf("storing %d bytes in object store %s: %w", len(data), lattice, err)
	}
	return nil
}

// GetChunk fetches the payload of exactly size bytes and deletes it, for each
// is fetched once. A failed deletion is no error: the payload is here.
func GetChunk(ctx context.Context, conn *Conn, lattice, name string, size uint64) ([]byte, error) {
	if size > MaxChunked {
		return nil, fmt.Errorf("a payload of %d bytes is announced, at most %d are accepted", size, MaxChunked)
	}
	store, err := conn.objectStore(ctx, lattice, false)
	if err != nil {
		return nil, err
	}
	data, err := readObject(ctx, store, name, size)
	if err != nil {
		return nil, fmt.Errorf("fetching %s from object store %s: %w", name, lattice, err)
	}
	_ = store.Delete(ctx, name)
	return data, nil
}

func readObject(ctx context.Context, store jetstream.ObjectStore, name string, size uint64) ([]byte, error) {
	info, err := store.GetInfo(ctx, name)
	if err != nil {
		return nil, err
	}
	if info.Opts != nil && info.Opts.Link != nil {
		return nil, errors.New("it is a link to another object, which no sender makes")
	}
	if info.Size != size {
		return nil, fmt.Errorf("it has %d bytes, the message announced %d", info.Size, size)
	}
	// The client library keeps a goroutine until its context ends.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	object, err := store.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = object.Close() }()
	data := make([]byte, size)
	if _, err := io.ReadFull(object, data); err != nil {
		return nil, err
	}
	// The digest is checked at the end of the stream.
	if _, err := io.Copy(io.Discard, object); err != nil {
		return nil, err
	}
	return data, object.Error()
}

// objectStore opens the bucket, once per connection. It is always looked for in
// the default JetStream domain, as wasmbus-rpc does whatever the KV's domain is.
func (c *Conn) objectStore(ctx context.Context, lattice string, create bool) (jetstream.ObjectStore, error) {
	bucket := wasmbus.ObjectBucket(lattice)
	c.mu.Lock()
	store, ok := c.stores[bucket]
	c.mu.Unlock()
	if ok {
		return store, nil
	}
	js, err := jetstream.New(c.nc)
	if err != nil {
		return nil, err
	}
	store, err = js.ObjectStore(ctx, bucket)
	if create && errors.Is(err, jetstream.ErrBucketNotFound) {
		store, err = js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: bucket})
		if errors.Is(err, jetstream.ErrBucketExists) {
			store, err = js.ObjectStore(ctx, bucket)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("payloads over %d bytes need JetStream's object store %s: %w", wasmbus.ChunkThreshold, bucket, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stores[bucket] = store
	return store, nil
}
