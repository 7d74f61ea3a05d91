package core

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/logging"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/numbergen"
)

const builtinPrefix = "wasmcloud:builtin:"

// logFunc takes a line that an actor logs, with its level.
type logFunc func(ctx context.Context, level, text string)

// builtin serves the two contracts that every host has. As in the later
// original hosts, neither a link nor a capability claim is asked for.
func builtin(ctx context.Context, contract, operation string, payload []byte, log logFunc) (reply []byte, err error) {
	known := false
	switch contract {
	case claims.CapLogging:
		reply, known, err = logging.DispatchLogging(ctx, logger{log}, "Logging."+method(operation), payload)
	case claims.CapNumberGen:
		reply, known, err = numbergen.DispatchNumberGen(ctx, numbers{}, "NumberGen."+method(operation), payload)
	}
	if !known {
		return nil, fmt.Errorf("this host has no operation %s in %s", operation, contract)
	}
	return reply, err
}

// method is what follows the last dot, which is all that dispatchers look at.
func method(operation string) string {
	return operation[strings.LastIndexByte(operation, '.')+1:]
}

type logger struct{ log logFunc }

// WriteLog never fails for a level it does not know: that must not cost the
// actor its call.
func (l logger) WriteLog(ctx context.Context, entry logging.LogEntry) error {
	level := strings.ToLower(entry.Level)
	switch level {
	case "trace", "debug", "info", "warn", "error", "critical":
	case "warning":
		level = "warn"
	default:
		level = "error"
	}
	l.log(ctx, level, entry.Text)
	return nil
}

type numbers struct{}

func (numbers) GenerateGuid(context.Context) (string, error) { return wasmbus.NewUUID(), nil }

func (numbers) Random32(context.Context) (uint32, error) { return random32(), nil }

func (numbers) RandomInRange(_ context.Context, r numbergen.RangeLimit) (uint32, error) {
	if r.Min > r.Max {
		return 0, fmt.Errorf("NumberGen.RandomInRange: min %d is above max %d", r.Min, r.Max)
	}
	// Rejection keeps every number of the range equally likely. The range can
	// be all of 2^32, hence 64 bits.
	span := uint64(r.Max-r.Min) + 1
	limit := (1 << 32) / span * span
	for {
		if n := uint64(random32()); n < limit {
			return r.Min + uint32(n%span), nil
		}
	}
}

func random32() uint32 {
	var b [4]byte
	rand.Read(b[:]) // never fails since Go 1.24
	return binary.LittleEndian.Uint32(b[:])
}
