package core

import "github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"

// InProcess is the way into the embedded server for clients in this process, which
// need no port; nil if the host joined another server. Call it once Ready is closed.
func (h *Host) InProcess() lattice.InProcess {
	if h.server == nil {
		return nil
	}
	return h.server
}
