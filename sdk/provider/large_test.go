package provider

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// A large argument is not fetched when there is no room for it.
func TestLargeArgumentsShareARoom(t *testing.T) {
	s := &server{large: lattice.NewRoom()} // without a connection: it would panic
	release, err := s.large.Take(t.Context(), math.MaxUint64)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := s.fetch(ctx, &wasmbus.Invocation{ContentLength: 1 << 20}); err == nil || !strings.Contains(err.Error(), "busy with other large arguments") {
		t.Error(err)
	}
}
