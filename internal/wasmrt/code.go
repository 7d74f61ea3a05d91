package wasmrt

import (
	"context"
	"errors"

	"github.com/tetratelabs/wazero"
)

// code is a module in one engine. It is closed when it has been replaced and its last call has ended.
type code struct {
	wz       wazero.Runtime
	compiled wazero.CompiledModule
	calls    int
	retired  bool
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
		return next.compiled.Close(ctx)
	}
	m.code, old.retired = next, true
	if old.calls > 0 {
		return nil
	}
	return old.compiled.Close(ctx)
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
		c.compiled.Close(ctx)
	}
}
