package wasmbus

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/tinylib/msgp/msgp"
)

// BinMode says how bytes appear in JSON; its values are those of wash's --bin.
type BinMode byte

// The modes of BinMode; the zero value means BinArray, wash's default.
const (
	BinArray  BinMode = 'b' // an array of numbers
	BinString BinMode = 's' // a string, invalid UTF-8 replaced
	BinBoth   BinMode = '2' // {"str": …, "bin": […]}
)

// ParseBinMode reads wash's --bin.
func ParseBinMode(s string) (BinMode, error) {
	switch s {
	case "b", "s", "2":
		return BinMode(s[0]), nil
	}
	return 0, fmt.Errorf("--bin %q is not known: b gives an array of bytes, s a string, 2 both", s)
}

// JSONToMsgpack converts one JSON value by wash's rules: maps with sorted
// string keys, integers in their smallest form, every other number as a 64-bit
// float. White space alone converts to no bytes, the argument of operations
// without one.
func JSONToMsgpack(text []byte) ([]byte, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("the payload is not JSON: %w", err)
	}
	if dec.More() {
		return nil, fmt.Errorf("the payload is not JSON: something follows the value at byte %d", dec.InputOffset())
	}
	return appendAny(nil, v, 0)
}

func appendAny(b []byte, v any, depth int) (_ []byte, err error) {
	if depth > maxDepth {
		return nil, errTooDeep
	}
	switch v := v.(type) {
	case nil:
		return msgp.AppendNil(b), nil
	case bool:
		return msgp.AppendBool(b, v), nil
	case string:
		return msgp.AppendString(b, v), nil
	case json.Number:
		return appendNumber(b, v.String())
	case []any:
		b = msgp.AppendArrayHeader(b, uint32(len(v)))
		for _, e := range v {
			if b, err = appendAny(b, e, depth+1); err != nil {
				return nil, err
			}
		}
		return b, nil
	case map[string]any:
		b = msgp.AppendMapHeader(b, uint32(len(v)))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if b, err = appendAny(msgp.AppendString(b, k), v[k], depth+1); err != nil {
				return nil, err
			}
		}
		return b, nil
	}
	return nil, fmt.Errorf("no msgpack for a %T", v)
}

func appendNumber(b []byte, text string) ([]byte, error) {
	// "-0" is a float to serde_json, which keeps the sign.
	if text != "-0" && !strings.ContainsAny(text, ".eE") {
		if u, err := strconv.ParseUint(text, 10, 64); err == nil {
			return msgp.AppendUint64(b, u), nil
		}
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return msgp.AppendInt64(b, i), nil
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, fmt.Errorf("number %s is out of range", shorten(text))
	}
	return msgp.AppendFloat64(b, f), nil
}

// MsgpackToJSON converts one msgpack value to compact JSON, members in the
// order received. No bytes at all become null. Where JSON has no word for a
// value: nil map keys and the like become their JSON text, NaN and infinities
// null, extensions {"type": n, "data": […]}.
func MsgpackToJSON(b []byte, bin BinMode) ([]byte, error) {
	if len(b) == 0 {
		return []byte("null"), nil
	}
	w := jsonWriter{bin: bin}
	err := checkWhole("msgpack value", b, func(b []byte) ([]byte, error) { return w.value(b, 0) })
	if err != nil {
		return nil, err
	}
	return w.out, nil
}

type jsonWriter struct {
	out []byte
	bin BinMode
}

func (w *jsonWriter) value(b []byte, depth int) (rest []byte, err error) {
	if depth > maxDepth {
		return b, errTooDeep
	}
	if _, _, size, ok := extHeader(b); ok {
		return w.ext(b, size)
	}
	switch msgp.NextType(b) {
	case msgp.MapType:
		return w.object(b, depth)
	case msgp.ArrayType:
		return w.list(b, depth)
	case msgp.StrType:
		v, rest, err := msgp.ReadStringZC(b)
		w.str(v)
		return rest, err
	case msgp.BinType:
		v, rest, err := msgp.ReadBytesZC(b)
		w.bytes(v)
		return rest, err
	}
	return w.scalar(b)
}

func (w *jsonWriter) scalar(b []byte) ([]byte, error) {
	switch msgp.NextType(b) {
	case msgp.NilType:
		w.raw("null")
		return msgp.ReadNilBytes(b)
	case msgp.BoolType:
		v, rest, err := msgp.ReadBoolBytes(b)
		w.out = strconv.AppendBool(w.out, v)
		return rest, err
	case msgp.IntType:
		v, rest, err := msgp.ReadInt64Bytes(b)
		w.out = strconv.AppendInt(w.out, v, 10)
		return rest, err
	case msgp.UintType:
		v, rest, err := msgp.ReadUint64Bytes(b)
		w.out = strconv.AppendUint(w.out, v, 10)
		return rest, err
	case msgp.Float32Type:
		v, rest, err := msgp.ReadFloat32Bytes(b)
		w.float(float64(v), 32)
		return rest, err
	case msgp.Float64Type:
		v, rest, err := msgp.ReadFloat64Bytes(b)
		w.float(v, 64)
		return rest, err
	}
	if len(b) == 0 {
		return b, msgp.ErrShortBytes
	}
	return b, fmt.Errorf("byte 0x%02x begins no msgpack value", b[0])
}

func (w *jsonWriter) object(b []byte, depth int) ([]byte, error) {
	w.raw("{")
	first := true
	key := true
	rest, err := readMapPairs(b, func(b []byte) ([]byte, error) {
		defer func() { key = !key }()
		if !key {
			w.raw(":")
			return w.value(b, depth+1)
		}
		if !first {
			w.raw(",")
		}
		first = false
		return w.key(b, depth)
	})
	w.raw("}")
	return rest, err
}

// key writes a map key; one that is no string is written as its JSON text.
func (w *jsonWriter) key(b []byte, depth int) ([]byte, error) {
	if t := msgp.NextType(b); t == msgp.StrType || t == msgp.BinType {
		v, rest, err := readTextBytes(b)
		w.str(v)
		return rest, err
	}
	inner := jsonWriter{bin: w.bin}
	rest, err := inner.value(b, depth+1)
	w.str(inner.out)
	return rest, err
}

func (w *jsonWriter) list(b []byte, depth int) ([]byte, error) {
	w.raw("[")
	first := true
	rest, err := readArray(b, func(b []byte) ([]byte, error) {
		if !first {
			w.raw(",")
		}
		first = false
		return w.value(b, depth+1)
	})
	w.raw("]")
	return rest, err
}

func (w *jsonWriter) ext(b []byte, size int) ([]byte, error) {
	kind, head, _, _ := extHeader(b)
	if len(b)-head < size {
		return b, msgp.ErrShortBytes
	}
	w.raw(`{"type":`)
	w.out = strconv.AppendInt(w.out, int64(kind), 10)
	w.raw(`,"data":`)
	w.array(b[head : head+size])
	w.raw("}")
	return b[head+size:], nil
}

// extHeader recognises an extension: its type, the length of its header and of
// its data. msgp would turn some types into Go values that JSON doesn't have.
func extHeader(b []byte) (kind int8, head, size int, ok bool) {
	if len(b) < 2 {
		return 0, 0, 0, false
	}
	switch lead := b[0]; {
	case lead >= 0xd4 && lead <= 0xd8:
		return int8(b[1]), 2, 1 << (lead - 0xd4), true
	case lead == 0xc7 && len(b) >= 3:
		return int8(b[2]), 3, int(b[1]), true
	case lead == 0xc8 && len(b) >= 4:
		return int8(b[3]), 4, int(binary.BigEndian.Uint16(b[1:])), true
	case lead == 0xc9 && len(b) >= 6:
		return int8(b[5]), 6, int(binary.BigEndian.Uint32(b[1:])), true
	}
	return 0, 0, 0, false
}

func (w *jsonWriter) raw(s string) { w.out = append(w.out, s...) }

func (w *jsonWriter) bytes(v []byte) {
	switch w.bin {
	case BinString:
		w.str(v)
	case BinBoth:
		w.raw(`{"str":`)
		w.str(v)
		w.raw(`,"bin":`)
		w.array(v)
		w.raw("}")
	default:
		w.array(v)
	}
}

func (w *jsonWriter) array(v []byte) {
	w.raw("[")
	for i, c := range v {
		if i > 0 {
			w.raw(",")
		}
		w.out = strconv.AppendUint(w.out, uint64(c), 10)
	}
	w.raw("]")
}

func (w *jsonWriter) str(v []byte) {
	quoted, err := EncodeJSON(string(v))
	if err != nil { // a string always has JSON
		quoted = []byte(`""`)
	}
	w.out = append(w.out, quoted...)
}

// float keeps a float recognisable: 1.0, not 1, so that converting back gives
// the same msgpack.
func (w *jsonWriter) float(f float64, bits int) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		w.raw("null")
		return
	}
	start := len(w.out)
	w.out = strconv.AppendFloat(w.out, f, 'g', -1, bits)
	if !bytes.ContainsAny(w.out[start:], ".e") {
		w.raw(".0")
	}
}
