package wasmrt

import (
	"math/bits"
	"sync"
)

// maxPooled is the largest memory that is kept for later instances, in bytes: an actor that once
// needed a lot must not hold it for ever.
const maxPooled = 32 << 20

// memoryPool hands the memories of finished instances to new ones. Without it, most of the time of
// a short call goes into allocating, zeroing, copying (when a guest grows) and collecting them.
type memoryPool struct{ pool sync.Pool }

// memory is the linear memory of one instance: the engine asks for it by Reallocate.
type memory struct {
	from *memoryPool
	buf  []byte // as long as the guest's memory; what is beyond, up to the capacity, is zero
}

func (p *memoryPool) get() *memory {
	m, _ := p.pool.Get().(*memory)
	if m == nil {
		m = &memory{from: p}
	}
	return m
}

// Reallocate makes the memory size bytes long; a memory never shrinks.
func (m *memory) Reallocate(size uint64) []byte {
	if size > uint64(cap(m.buf)) {
		grown := make([]byte, len(m.buf), roundUp(size))
		copy(grown, m.buf)
		m.buf = grown
	}
	m.buf = m.buf[:size]
	return m.buf
}

// roundUp leaves room to grow: up to a power of two, so that memories in the pool suit many guests.
func roundUp(size uint64) uint64 {
	if size > maxPooled {
		return size
	}
	return 1 << bits.Len64(size-1)
}

// Free does nothing. The engine may call it from a goroutine that has seen the deadline while the
// guest still runs; release is called when it surely does not.
func (m *memory) Free() {}

// release gives the memory back. What a guest has written does not outlive its call.
func (m *memory) release() {
	if cap(m.buf) == 0 || cap(m.buf) > maxPooled {
		return
	}
	clear(m.buf)
	m.buf = m.buf[:0]
	m.from.pool.Put(m)
}
