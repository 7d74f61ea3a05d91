// Package cbor reads and writes the messages of services that speak wasmbus protocol "2": the CBOR
// of the Rust crates weld-codegen 0.7 (encode_rust.rs, decode_rust.rs) and wasmbus-rpc 0.14.
//
// It is used as package msgpack is, and keeps the same promises on what peers may send.
package cbor

import (
	"math"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/document"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
)

// The kinds of values, the upper three bits of a value's first byte (RFC 8949, 3.1).
const (
	unsigned = 0 << 5
	negative = 1 << 5
	byteText = 2 << 5
	utf8Text = 3 << 5
	array    = 4 << 5
	object   = 5 << 5
	tag      = 6 << 5
	simple   = 7 << 5

	isFalse   = simple | 20
	isTrue    = simple | 21
	null      = simple | 22
	undefined = simple | 23
	float16   = simple | 25
	float32b  = simple | 26
	float64b  = simple | 27
	ending    = 0xff // of arrays, maps and strings that do not say their length
)

// AppendNil appends null.
func AppendNil(b []byte) []byte { return append(b, null) }

// AppendBool appends a boolean.
func AppendBool(b []byte, v bool) []byte {
	if v {
		return append(b, isTrue)
	}
	return append(b, isFalse)
}

// AppendUint appends an integer in its shortest form.
func AppendUint(b []byte, v uint64) []byte { return appendHead(b, unsigned, v) }

// AppendInt appends an integer in its shortest form.
func AppendInt(b []byte, v int64) []byte {
	if v < 0 {
		return appendHead(b, negative, ^uint64(v))
	}
	return appendHead(b, unsigned, uint64(v))
}

// AppendFloat32 appends a floating-point number of 32 bits, the only ones that peers take for a Float.
func AppendFloat32(b []byte, v float32) []byte {
	return appendBig(append(b, float32b), uint64(math.Float32bits(v)), 4)
}

// AppendFloat appends a floating-point number of 64 bits.
func AppendFloat(b []byte, v float64) []byte {
	return appendBig(append(b, float64b), math.Float64bits(v), 8)
}

// AppendString appends a string.
func AppendString(b []byte, s string) []byte {
	return append(appendHead(b, utf8Text, uint64(len(s))), s...)
}

// AppendBytes appends a byte string.
func AppendBytes(b, v []byte) []byte {
	return append(appendHead(b, byteText, uint64(len(v))), v...)
}

// AppendArray begins an array of n values, which are to be appended next.
func AppendArray(b []byte, n int) []byte { return appendHead(b, array, uint64(n)) }

// AppendMap begins a map of n entries, whose keys and values are to be appended next by turns.
func AppendMap(b []byte, n int) []byte { return appendHead(b, object, uint64(n)) }

func appendHead(b []byte, kind byte, v uint64) []byte {
	switch {
	case v < 24:
		return append(b, kind|byte(v))
	case v <= math.MaxUint8:
		return append(b, kind|24, byte(v))
	case v <= math.MaxUint16:
		return appendBig(append(b, kind|25), v, 2)
	case v <= math.MaxUint32:
		return appendBig(append(b, kind|26), v, 4)
	}
	return appendBig(append(b, kind|27), v, 8)
}

// appendBig appends the lower bytes of v, the highest first. Package encoding/binary would bring
// reflect into every actor.
func appendBig(b []byte, v uint64, size int) []byte {
	for i := size - 1; i >= 0; i-- {
		b = append(b, byte(v>>(8*i)))
	}
	return b
}

// AppendTime appends a point in time: two values, seconds since 1970 and nanoseconds. Where one
// value is counted, as in a list, it is still two: that is what weld-codegen writes and reads.
func AppendTime(b []byte, sec int64, nsec int) []byte {
	return AppendUint(AppendInt(b, sec), uint64(nsec))
}

// The numbers of a document's kinds (wasmbus-rpc, document.rs).
const (
	docObject = iota
	docBlob
	docArray
	docNumber
	docString
	docBool
	docNull
)

// AppendDocument appends a value of no fixed form: [kind, value].
func AppendDocument(b []byte, v document.Value) []byte {
	variant := func(kind uint64) []byte { return AppendUint(AppendArray(b, 2), kind) }
	number := func(kind uint64) []byte { return AppendUint(AppendArray(variant(docNumber), 2), kind) }
	switch v := v.(type) {
	case document.Object:
		b = AppendMap(variant(docObject), len(v))
		for _, k := range msgpack.Keys(v) {
			b = AppendDocument(AppendString(b, k), v[k])
		}
		return b
	case document.Blob:
		return AppendBytes(variant(docBlob), v)
	case document.Array:
		b = AppendArray(variant(docArray), len(v))
		for _, e := range v {
			b = AppendDocument(b, e)
		}
		return b
	case document.String:
		return AppendString(variant(docString), string(v))
	case document.Bool:
		return AppendBool(variant(docBool), bool(v))
	case document.Uint:
		return AppendUint(number(0), uint64(v))
	case document.Int:
		return AppendInt(number(1), int64(v))
	case document.Float:
		return AppendFloat(number(2), float64(v))
	}
	return AppendNil(variant(docNull))
}
