package wasmrt

import (
	"context"
	"errors"
	"runtime"
	"time"
)

const (
	// idleTime is how long an instance waits for its next call before it is given up, so that an
	// actor that is not called holds no memory but the snapshot.
	idleTime = 10 * time.Second
	// startTime bounds what a guest may take to start, healthTime what it may take to answer the
	// health request: the first call waits for both, and a guest that hangs in the one may well
	// answer others.
	startTime  = 10 * time.Second
	healthTime = 500 * time.Millisecond

	healthRequest = "Actor.HealthRequest"
)

// emptyMap is a message without members, in msgpack.
const emptyMap = "\x80"

// lease gives an instance for a call: one in the state that the module's isolation promises.
func (m *Module) lease(c *call, code *code) (*instance, error) {
	if code.isolation != Fresh {
		if i := code.pop(); i != nil {
			return i, nil
		}
	}
	if code.isolation == Snapshot {
		snap, err := m.snapshotOf(c, code)
		if err != nil {
			return nil, err
		}
		if snap != nil {
			return m.revive(c, code, snap)
		}
	}
	i, err := m.instantiate(c, code)
	if err != nil {
		return nil, err
	}
	if err := i.start(c.ctx, m.starts); err != nil {
		i.close(context.WithoutCancel(c.ctx))
		return nil, err
	}
	return i, nil
}

// giveBack ends a lease. failed says that the guest broke off, which leaves an instance in no state
// to be used again.
func (i *instance) giveBack(ctx context.Context, failed bool) {
	// The engine watches the context from a goroutine of its own, which may close the instance up to
	// here; one whose context was not done when the call returned is not closed any more.
	usable := !failed && ctx.Err() == nil && i.code.isolation != Fresh
	if usable && i.code.isolation == Snapshot {
		snap := i.code.snapshot()
		usable = snap != nil && i.restore(snap) == nil
	}
	i.world.call = nil
	if !usable || !i.code.push(i) {
		i.close(context.WithoutCancel(ctx))
	}
}

// revive makes an instance that goes on from a snapshot: its start functions need not run.
func (m *Module) revive(c *call, code *code, snap *snapshot) (*instance, error) {
	i, err := m.instantiate(c, code)
	if err != nil {
		return nil, err
	}
	if err := i.restore(snap); err != nil {
		i.close(context.WithoutCancel(c.ctx))
		return nil, err
	}
	return i, nil
}

// snapshotOf gives the code's snapshot, which the first call makes and others wait for; nil if there
// can be none. It is made under no caller's deadline, and holds nothing of a caller.
func (m *Module) snapshotOf(c *call, code *code) (*snapshot, error) {
	code.snapOnce.Do(func() {
		m.rt.jobs.Go(func() {
			defer close(code.snapDone)
			ctx, cancel := context.WithTimeout(m.rt.background, startTime)
			defer cancel()
			code.snap = m.takeSnapshot(ctx, code)
			if code.snap != nil {
				code.data = nil // a Go actor's takes two thirds of what the snapshot does
			}
		})
	})
	select {
	case <-code.snapDone:
		return code.snap, nil
	case <-c.ctx.Done():
		return nil, c.ctx.Err()
	}
}

// takeSnapshot starts an instance, lets it answer a health request, which brings allocators and the
// like to where they stay, and copies its state. If it does not answer well, the state from before is
// taken; nil if the start fails, which a call will then see for itself.
func (m *Module) takeSnapshot(ctx context.Context, code *code) *snapshot {
	host := &noHost{}
	c := newCall(ctx, "", nil, host)
	i, err := m.instantiate(c, code)
	if err != nil {
		return nil
	}
	defer i.close(context.WithoutCancel(ctx))
	if i.start(c.ctx, m.starts) != nil || len(i.memory.buf) > maxPooled {
		return nil
	}
	snap := i.snapshot()
	ctx, host.stop = context.WithTimeout(ctx, healthTime)
	defer host.stop()
	_, err = i.serve(newCall(ctx, healthRequest, []byte(emptyMap), host))
	if err == nil && !host.called && len(i.memory.buf) <= maxPooled {
		snap = i.snapshot()
	}
	return snap
}

// noHost is the world of a guest that answers to nobody: it reaches nothing and is not heard. One that
// tries is stopped, since what it does then is not what it would do.
type noHost struct {
	called bool
	stop   func() // nil during the start
}

func (h *noHost) HostCall(context.Context, string, string, string, []byte) ([]byte, error) {
	h.called = true
	if h.stop != nil {
		h.stop()
	}
	return nil, errors.New("nobody can be called from a health request")
}

func (*noHost) Log(context.Context, string) {}

// maxIdle is how many instances of a module wait for calls: no more can run at once.
func maxIdle() int { return runtime.GOMAXPROCS(0) }
