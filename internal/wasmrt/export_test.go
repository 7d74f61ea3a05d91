package wasmrt

// Idle is the number of instances that wait for calls.
func (m *Module) Idle() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.code.mu.Lock()
	defer m.code.mu.Unlock()
	return len(m.code.idle)
}
