package wasmrt

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbin"
)

// code is a module in one engine. It is closed when it has been replaced and its last call has ended.
type code struct {
	wz        wazero.Runtime
	tidy      func() // has the process give memory back, some time
	compiled  wazero.CompiledModule
	isolation Isolation         // of this module: Fresh if no snapshot would be the whole state
	globals   []string          // exports of the mutable globals
	data      []wasmbin.Segment // what a new instance's memory is to begin with; nil once snap has it

	// Guarded by its Module.
	calls   int
	retired bool

	snapOnce sync.Once
	snapDone chan struct{} // closed when snap is there
	snap     *snapshot     // nil if there can be none

	mu     sync.Mutex
	idle   []*instance // in the state that the next call may find
	shrink *time.Timer // gives up what has been idle for long
	closed bool
}

func (r *Runtime) newCode(wz wazero.Runtime, compiled wazero.CompiledModule, s state) *code {
	return &code{wz: wz, tidy: r.tidyLater, compiled: compiled, isolation: s.isolation, globals: s.globals, data: s.data, snapDone: make(chan struct{})}
}

// snapshot gives the snapshot if it is there already.
func (c *code) snapshot() *snapshot {
	select {
	case <-c.snapDone:
		return c.snap
	default:
		return nil
	}
}

// pop gives an idle instance, or nil.
func (c *code) pop() *instance {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.idle) == 0 {
		return nil
	}
	i := c.idle[len(c.idle)-1]
	c.idle = c.idle[:len(c.idle)-1]
	return i
}

// push keeps an instance for a later call, if there is room.
func (c *code) push(i *instance) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || len(c.idle) >= maxIdle() {
		return false
	}
	c.idle = append(c.idle, i)
	// Reuse promises that state stays, so nothing of it is given up.
	if c.isolation == Snapshot {
		if c.shrink == nil {
			c.shrink = time.AfterFunc(idleTime, func() { c.giveUp(); c.tidy() })
		} else {
			c.shrink.Reset(idleTime)
		}
	}
	return true
}

// giveUp closes what is idle.
func (c *code) giveUp() {
	c.mu.Lock()
	idle := c.idle
	c.idle = nil
	c.mu.Unlock()
	for _, i := range idle {
		i.close(context.Background())
	}
}

// close releases everything. No call uses the code any more.
func (c *code) close(ctx context.Context) error {
	c.mu.Lock()
	c.closed = true
	if c.shrink != nil {
		c.shrink.Stop()
	}
	c.mu.Unlock()
	c.giveUp()
	return c.compiled.Close(ctx)
}

// replace puts better code in the place of the present one, or nil to close the module.
func (m *Module) replace(ctx context.Context, next *code) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.code
	if old == nil { // closed in the meantime
		if next == nil {
			return nil
		}
		return next.close(ctx)
	}
	m.code, old.retired = next, true
	if old.calls > 0 {
		return nil
	}
	return old.close(ctx)
}

func (m *Module) acquire() (*code, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.code == nil {
		return nil, errors.New("actor was not called: its module is closed")
	}
	m.code.calls++
	return m.code, nil
}

func (m *Module) release(ctx context.Context, c *code) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c.calls--
	if c.retired && c.calls == 0 {
		c.close(ctx)
	}
}
