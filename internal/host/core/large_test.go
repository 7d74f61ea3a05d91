package core

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

// A thousand large arguments at once must not take a thousand times the memory of one: those that
// find no room are told so, others are served.
func TestLargeArgumentsShareARoom(t *testing.T) {
	w := start(t, func(c *Config) { c.RPCTimeout = 500 * time.Millisecond })
	w.startRef(file(t, read(t, "probe_s.wasm")))
	release, err := w.host.large.Take(context.Background(), math.MaxUint64) // all there is
	if err != nil {
		t.Fatal(err)
	}
	large := request(t, 1<<20)
	if _, err := w.call(probeKey, handle, large); err == nil || !strings.Contains(err.Error(), "the host is busy with other large arguments") {
		t.Errorf("a large argument without room: %v", err)
	}
	if got, err := w.get(probeKey, "/x"); err != nil || got != "GET /x 0 bytes" {
		t.Errorf("a small one: %q, %v", got, err)
	}
	release()
	testkit.Eventually(t, "the large one to be answered", func() bool {
		got, err := w.call(probeKey, handle, large) // the probe sends the body back
		return err == nil && len(got) > 1<<20
	})
	// What the calls took is there again.
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	all, err := w.host.large.Take(ctx, math.MaxUint64)
	if err != nil {
		t.Fatal("a call keeps its room")
	}
	all()
}
