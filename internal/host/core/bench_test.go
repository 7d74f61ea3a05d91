package core

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmrt"
)

// BenchmarkReady is the time from nothing to a host that serves, with its NATS
// server and JetStream, and back. The goal is under 100 ms.
func BenchmarkReady(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		h, err := New(Config{Server: &embedded.Config{Port: -1}, CacheDir: dir})
		if err != nil {
			b.Fatal(err)
		}
		done := make(chan error, 1)
		ctx, cancel := context.WithCancel(context.Background())
		go func() { done <- h.Run(ctx) }()
		select {
		case <-h.Ready():
		case err := <-done:
			b.Fatal(err)
		}
		cancel()
		b.StopTimer()
		<-done
		b.StartTimer()
	}
}

// BenchmarkCalls is a call of the probe over NATS, all checks included.
func BenchmarkCalls(b *testing.B) {
	for _, callers := range []int{1, 8} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			w := start(b, func(c *Config) { c.Runtime = wasmrt.Config{}; c.Log = nil })
			w.startRef(file(b, read(b, "probe_s.wasm")))
			w.host.actor(probeKey).grow(7, nil)
			var left atomic.Int64
			left.Store(int64(b.N))
			done := make(chan error, callers)
			b.ResetTimer()
			for range callers {
				go func() {
					for left.Add(-1) >= 0 {
						if _, err := w.get(probeKey, "/x"); err != nil {
							done <- err
							return
						}
					}
					done <- nil
				}()
			}
			for range callers {
				if err := <-done; err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
		})
	}
}
