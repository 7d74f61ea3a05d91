package core

import (
	"sync"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// watchNeighbours says once when another host is in a lattice that this one
// takes for its own: that host's actors refuse the calls of providers started
// here, and neither side would see why.
func (h *Host) watchNeighbours() (stop func(), err error) {
	if !h.cfg.IssuerPerProvider {
		return func() {}, nil
	}
	var once sync.Once
	return h.bus.Subscribe(wasmbus.EventSubject(h.cfg.Lattice), "", func(_, _ string, data []byte) {
		e, err := wasmbus.ParseEvent(data)
		if err != nil || e.Source == h.id || e.Name() != wasmbus.EventHostStarted && e.Name() != wasmbus.EventHostHeartbeat {
			return
		}
		once.Do(func() {
			h.log.Warn("another host is in this lattice, and its actors refuse the calls of providers started here, "+
				"because each has a key that only this host knows: give all hosts the same cluster seed (WASMCLOUD_CLUSTER_SEED)", "host", e.Source)
		})
	})
}
