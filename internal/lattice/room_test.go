package lattice_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
)

func TestRoomIsBounded(t *testing.T) {
	r := lattice.NewRoom()
	take := func(size uint64) func() {
		t.Helper()
		release, err := r.Take(t.Context(), size)
		if err != nil {
			t.Fatal(err)
		}
		return release
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	full := func(size uint64) {
		t.Helper()
		release, err := r.Take(over, size)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("room for %d bytes more: %v", size, err)
		}
		release() // has nothing to give back
	}
	first, second := take(lattice.MaxChunked), take(lattice.MaxChunked)
	full(1)
	second()
	full(lattice.MaxChunked + 1)
	first()
	// What nobody would accept takes all there is, rather than wait for ever.
	take(math.MaxUint64)()
}
