package core

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

const builtinPrefix = "wasmcloud:builtin:"

// logFunc takes a line that an actor logs, with its level.
type logFunc func(ctx context.Context, level, text string)

// builtin serves the two contracts that every host has. As in the later
// original hosts, neither a link nor a capability claim is asked for.
func builtin(ctx context.Context, contract, operation string, payload []byte, log logFunc) ([]byte, error) {
	switch contract + " " + method(operation) {
	case claims.CapLogging + " WriteLog":
		return nil, writeLog(ctx, payload, log)
	case claims.CapNumberGen + " GenerateGuid":
		return json2msgpack(wasmbus.NewUUID())
	case claims.CapNumberGen + " RandomInRange":
		return randomInRange(payload)
	case claims.CapNumberGen + " Random32":
		return json2msgpack(random32())
	}
	return nil, fmt.Errorf("this host has no operation %s in %s", operation, contract)
}

// method is what follows the last dot, which is all that dispatchers look at.
func method(operation string) string {
	return operation[strings.LastIndexByte(operation, '.')+1:]
}

// writeLog never fails for a level it does not know: that must not cost the
// actor its call.
func writeLog(ctx context.Context, payload []byte, log logFunc) error {
	var entry struct{ Level, Text string }
	if err := fromMsgpack(payload, &entry); err != nil {
		return fmt.Errorf("Logging.WriteLog: %w", err)
	}
	level := strings.ToLower(entry.Level)
	switch level {
	case "trace", "debug", "info", "warn", "error", "critical":
	case "warning":
		level = "warn"
	default:
		level = "error"
	}
	log(ctx, level, entry.Text)
	return nil
}

func randomInRange(payload []byte) ([]byte, error) {
	var r struct{ Min, Max uint32 }
	if err := fromMsgpack(payload, &r); err != nil {
		return nil, fmt.Errorf("NumberGen.RandomInRange: %w", err)
	}
	if r.Min > r.Max {
		return nil, fmt.Errorf("NumberGen.RandomInRange: min %d is above max %d", r.Min, r.Max)
	}
	// Rejection keeps every number of the range equally likely. The range can
	// be all of 2^32, hence 64 bits.
	span := uint64(r.Max-r.Min) + 1
	limit := (1 << 32) / span * span
	for {
		if n := uint64(random32()); n < limit {
			return json2msgpack(r.Min + uint32(n%span))
		}
	}
}

func random32() uint32 {
	var b [4]byte
	rand.Read(b[:]) // never fails since Go 1.24
	return binary.LittleEndian.Uint32(b[:])
}

// fromMsgpack reads small arguments by way of JSON: wasmbus alone knows
// msgpack, and its readers know what peers write for a string or a number.
func fromMsgpack(b []byte, into any) error {
	text, err := wasmbus.MsgpackToJSON(b, wasmbus.BinString)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

func json2msgpack(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return wasmbus.JSONToMsgpack(text)
}
