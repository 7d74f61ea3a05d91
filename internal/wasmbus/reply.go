package wasmbus

import (
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/fxamacker/cbor/v2"
)

// Encoding is how a message body is written.
type Encoding int

// Encodings that Sniff tells apart.
const (
	Empty   Encoding = iota // no bytes: no argument, or no result
	Msgpack                 // with or without its prefix 0xc1
	CBOR                    // after its prefix 0x7f
)

const (
	prefixCBOR    = 0x7f
	prefixMsgpack = 0xc1
)

// Sniff tells the encoding of a message body by its first byte, as wasmbus-rpc
// does, and returns what follows a prefix. One byte alone is always msgpack
// (0x7f is the integer 127).
func Sniff(b []byte) (Encoding, []byte, error) {
	switch {
	case len(b) == 0:
		return Empty, nil, nil
	case len(b) == 1:
		return Msgpack, b, nil
	case b[0] == prefixCBOR:
		return CBOR, b[1:], nil
	case b[0] == prefixMsgpack:
		return Msgpack, b[1:], nil
	case b[0] < prefixCBOR || b[0] == 0xc0:
		return Msgpack, nil, fmt.Errorf("a message that begins with 0x%02x is neither msgpack nor CBOR", b[0])
	}
	return Msgpack, b, nil
}

// DecodeReply converts a result to compact JSON, whatever its encoding is.
func DecodeReply(b []byte, bin BinMode) ([]byte, error) {
	enc, body, err := Sniff(b)
	if err != nil {
		return nil, err
	}
	if enc == CBOR {
		return CBORToJSON(body, bin)
	}
	return MsgpackToJSON(body, bin)
}

// decodeCBOR reads one value with limits; the library checks that the whole
// input is well formed before it allocates anything.
func decodeCBOR(b []byte) (any, error) {
	if len(b) > MaxMessage {
		return nil, fmt.Errorf("CBOR value of %d bytes is larger than the limit of %d", len(b), MaxMessage)
	}
	mode, err := cbor.DecOptions{
		MaxNestedLevels:  maxDepth,
		MaxArrayElements: 1 << 22,
		MaxMapPairs:      1 << 20,
		UTF8:             cbor.UTF8DecodeInvalid,
		IntDec:           cbor.IntDecConvertNone,
	}.DecMode()
	if err != nil {
		return nil, err
	}
	var v any
	if err := mode.Unmarshal(b, &v); err != nil {
		return nil, fmt.Errorf("broken CBOR value: %w", err)
	}
	return v, nil
}

// CBORToJSON converts one CBOR value (without the 0x7f prefix) to compact JSON.
// Maps are sorted by key, because the library keeps no order.
func CBORToJSON(b []byte, bin BinMode) ([]byte, error) {
	v, err := decodeCBOR(b)
	if err != nil {
		return nil, err
	}
	w := jsonWriter{bin: bin}
	if err := w.any(v); err != nil {
		return nil, err
	}
	return w.out, nil
}

func (w *jsonWriter) any(v any) error {
	switch v := v.(type) {
	case []byte:
		w.bytes(v)
	case cbor.ByteString:
		w.bytes([]byte(v))
	case string:
		w.str([]byte(v))
	case []any:
		return w.anyList(v)
	case map[any]any:
		return w.anyMap(v)
	case cbor.Tag:
		return w.any(v.Content)
	case float64:
		w.float(v, 64)
	case float32:
		w.float(float64(v), 32)
	case big.Int:
		w.raw(v.String())
	case cbor.SimpleValue:
		w.raw("null")
	default:
		b, err := EncodeJSON(v)
		if err != nil {
			return errors.New("CBOR value without a JSON form")
		}
		w.out = append(w.out, b...)
	}
	return nil
}

func (w *jsonWriter) anyList(v []any) error {
	w.raw("[")
	for i, e := range v {
		if i > 0 {
			w.raw(",")
		}
		if err := w.any(e); err != nil {
			return err
		}
	}
	w.raw("]")
	return nil
}

func (w *jsonWriter) anyMap(m map[any]any) error {
	type pair struct {
		key   string
		value any
	}
	pairs := make([]pair, 0, len(m))
	for k, v := range m {
		text, ok := k.(string)
		if !ok {
			inner := jsonWriter{bin: w.bin}
			if err := inner.any(k); err != nil {
				return err
			}
			text = string(inner.out)
		}
		pairs = append(pairs, pair{text, v})
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		if a.key < b.key {
			return -1
		}
		return 1
	})
	w.raw("{")
	for i, p := range pairs {
		if i > 0 {
			w.raw(",")
		}
		w.str([]byte(p.key))
		w.raw(":")
		if err := w.any(p.value); err != nil {
			return err
		}
	}
	w.raw("}")
	return nil
}
