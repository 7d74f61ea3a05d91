package lattice

import (
	"context"

	"golang.org/x/sync/semaphore"
)

// maxHeld is what payloads beyond a message's size may take in one process at the same time, in
// bytes: two of the largest.
const maxHeld = 2 * MaxChunked

// Room bounds the memory for large payloads. Each of them is bounded by MaxChunked, which alone
// would let a thousand callers decide our memory.
type Room struct{ free *semaphore.Weighted }

// NewRoom makes the room of one process.
func NewRoom() *Room { return &Room{semaphore.NewWeighted(maxHeld)} }

// Take waits until there is room for size bytes. Release gives it back; it is never nil. The only
// error is that of ctx.
func (r *Room) Take(ctx context.Context, size uint64) (release func(), err error) {
	n := int64(min(size, maxHeld))
	if err := r.free.Acquire(ctx, n); err != nil {
		return func() {}, err
	}
	return func() { r.free.Release(n) }, nil
}
