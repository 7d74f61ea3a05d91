// Package msgpack reads and writes the messages that actors exchange.
//
// Messages are written by appending to a byte slice and read by a Reader. Neither needs reflection
// or fmt, which keeps actors small. The reader takes everything that wasmCloud's own programs write:
// integers of any width, byte strings as bin, str or arrays of numbers, nil in place of anything,
// map keys in any order, unknown keys.
package msgpack

import (
	"math"
	"slices"
)

// AppendNil appends nil.
func AppendNil(b []byte) []byte { return append(b, 0xc0) }

// AppendBool appends a boolean.
func AppendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 0xc3)
	}
	return append(b, 0xc2)
}

// AppendUint appends an integer in its shortest form.
func AppendUint(b []byte, v uint64) []byte {
	switch {
	case v <= 0x7f:
		return append(b, byte(v))
	case v <= math.MaxUint8:
		return append(b, 0xcc, byte(v))
	case v <= math.MaxUint16:
		return appendBig(append(b, 0xcd), uint64(v), 2)
	case v <= math.MaxUint32:
		return appendBig(append(b, 0xce), uint64(v), 4)
	}
	return appendBig(append(b, 0xcf), v, 8)
}

// AppendInt appends an integer in its shortest form.
func AppendInt(b []byte, v int64) []byte {
	switch {
	case v >= 0:
		return AppendUint(b, uint64(v))
	case v >= -32:
		return append(b, byte(v))
	case v >= math.MinInt8:
		return append(b, 0xd0, byte(v))
	case v >= math.MinInt16:
		return appendBig(append(b, 0xd1), uint64(v), 2)
	case v >= math.MinInt32:
		return appendBig(append(b, 0xd2), uint64(v), 4)
	}
	return appendBig(append(b, 0xd3), uint64(v), 8)
}

// AppendFloat appends a floating-point number of 64 bits.
func AppendFloat(b []byte, v float64) []byte {
	return appendBig(append(b, 0xcb), math.Float64bits(v), 8)
}

// AppendString appends a string.
func AppendString(b []byte, s string) []byte {
	switch n := len(s); {
	case n < 32:
		b = append(b, 0xa0|byte(n))
	case n <= math.MaxUint8:
		b = append(b, 0xd9, byte(n))
	case n <= math.MaxUint16:
		b = appendBig(append(b, 0xda), uint64(n), 2)
	default:
		b = appendBig(append(b, 0xdb), uint64(n), 4)
	}
	return append(b, s...)
}

// AppendBytes appends a byte string, as bin.
func AppendBytes(b, v []byte) []byte {
	switch n := len(v); {
	case n <= math.MaxUint8:
		b = append(b, 0xc4, byte(n))
	case n <= math.MaxUint16:
		b = appendBig(append(b, 0xc5), uint64(n), 2)
	default:
		b = appendBig(append(b, 0xc6), uint64(n), 4)
	}
	return append(b, v...)
}

// AppendArray begins an array of n values, which are to be appended next.
func AppendArray(b []byte, n int) []byte {
	return appendCount(b, n, 0x90, 0xdc)
}

// AppendMap begins a map of n entries, whose keys and values are to be appended next by turns.
func AppendMap(b []byte, n int) []byte {
	return appendCount(b, n, 0x80, 0xde)
}

func appendCount(b []byte, n int, fix, wide byte) []byte {
	switch {
	case n < 16:
		return append(b, fix|byte(n))
	case n <= math.MaxUint16:
		return appendBig(append(b, wide), uint64(n), 2)
	}
	return appendBig(append(b, wide+1), uint64(n), 4)
}

// appendBig appends the lower bytes of v, the highest first.
func appendBig(b []byte, v uint64, size int) []byte {
	for i := size - 1; i >= 0; i-- {
		b = append(b, byte(v>>(8*i)))
	}
	return b
}

// Keys gives the keys of a map in order, so that equal messages have equal bytes.
func Keys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
