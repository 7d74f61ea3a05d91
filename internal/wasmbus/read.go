package wasmbus

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/tinylib/msgp/msgp"
)

// maxDepth bounds the nesting of any message we read. Real ones need four or
// five levels; serde's own limit is 128.
const maxDepth = 128

// MaxMessage bounds the bytes of one message handed to a decoder. NATS servers
// refuse more than 64 MiB, large payloads go through the object store.
const MaxMessage = 64 << 20

var (
	errTooDeep  = fmt.Errorf("nested deeper than %d levels", maxDepth)
	errTooLong  = errors.New("announces more elements than it has bytes")
	errTrailing = errors.New("bytes follow the end of the message")
)

// readMap calls field for each key of a map; field returns what follows the
// value. A nil counts as an empty map. Counts are compared with the bytes that
// are left, so a hostile header costs nothing.
func readMap(b []byte, field func(key string, b []byte) ([]byte, error)) ([]byte, error) {
	if msgp.NextType(b) == msgp.NilType {
		return msgp.ReadNilBytes(b)
	}
	n, b, err := msgp.ReadMapHeaderBytes(b)
	if err != nil {
		return b, err
	}
	if uint64(n)*2 > uint64(len(b)) {
		return b, errTooLong
	}
	for range n {
		key, rest, err := readKey(b)
		if err != nil {
			return b, fmt.Errorf("map key: %w", err)
		}
		if b, err = field(key, rest); err != nil {
			return b, fmt.Errorf("%s: %w", shorten(key), err)
		}
	}
	return b, nil
}

// readKey takes the string keys we know; any other kind of key is skipped and
// reads as "", which no decoder knows.
func readKey(b []byte) (string, []byte, error) {
	switch msgp.NextType(b) {
	case msgp.StrType, msgp.BinType:
		return readString(b)
	}
	rest, err := skip(b, 0)
	return "", rest, err
}

// readArray calls element for each element of an array; nil counts as empty.
func readArray(b []byte, element func(b []byte) ([]byte, error)) ([]byte, error) {
	if msgp.NextType(b) == msgp.NilType {
		return msgp.ReadNilBytes(b)
	}
	n, b, err := msgp.ReadArrayHeaderBytes(b)
	if err != nil {
		return b, err
	}
	if uint64(n) > uint64(len(b)) {
		return b, errTooLong
	}
	for range n {
		if b, err = element(b); err != nil {
			return b, err
		}
	}
	return b, nil
}

// readString takes a str, or a bin, or nil as "".
func readString(b []byte) (string, []byte, error) {
	v, rest, err := readTextBytes(b)
	return string(v), rest, err
}

func readTextBytes(b []byte) ([]byte, []byte, error) {
	switch msgp.NextType(b) {
	case msgp.NilType:
		rest, err := msgp.ReadNilBytes(b)
		return nil, rest, err
	case msgp.BinType:
		return msgp.ReadBytesZC(b)
	}
	return msgp.ReadStringZC(b)
}

// readBytes takes what peers write for bytes: bin, str (the Elixir host, even
// when it is no UTF-8), an array of integers (serde's default for Vec<u8>) or
// nil. The result shares memory with b wherever it can.
func readBytes(b []byte) ([]byte, []byte, error) {
	if msgp.NextType(b) != msgp.ArrayType {
		return readTextBytes(b)
	}
	var out []byte
	rest, err := readArray(b, func(b []byte) ([]byte, error) {
		v, rest, err := msgp.ReadUint8Bytes(b)
		out = append(out, v)
		return rest, err
	})
	return out, rest, err
}

// readStringMap takes a map from strings to strings; other values are skipped.
func readStringMap(b []byte) (map[string]string, []byte, error) {
	if msgp.NextType(b) == msgp.NilType {
		rest, err := msgp.ReadNilBytes(b)
		return nil, rest, err
	}
	out := map[string]string{}
	rest, err := readMap(b, func(key string, b []byte) ([]byte, error) {
		if t := msgp.NextType(b); t != msgp.StrType && t != msgp.BinType {
			return skip(b, 0)
		}
		v, rest, err := readString(b)
		out[key] = v
		return rest, err
	})
	return out, rest, err
}

func readUint(b []byte) (uint64, []byte, error) {
	if msgp.NextType(b) == msgp.NilType {
		rest, err := msgp.ReadNilBytes(b)
		return 0, rest, err
	}
	return msgp.ReadUint64Bytes(b)
}

// skip steps over one value. msgp.Skip would recurse 100,000 deep.
func skip(b []byte, depth int) ([]byte, error) {
	if depth >= maxDepth {
		return b, errTooDeep
	}
	switch msgp.NextType(b) {
	case msgp.MapType:
		return readMapPairs(b, func(b []byte) ([]byte, error) { return skip(b, depth+1) })
	case msgp.ArrayType:
		return readArray(b, func(b []byte) ([]byte, error) { return skip(b, depth+1) })
	}
	return msgp.Skip(b)
}

func readMapPairs(b []byte, value func(b []byte) ([]byte, error)) ([]byte, error) {
	n, b, err := msgp.ReadMapHeaderBytes(b)
	if err != nil {
		return b, err
	}
	if uint64(n)*2 > uint64(len(b)) {
		return b, errTooLong
	}
	for range 2 * uint64(n) {
		if b, err = value(b); err != nil {
			return b, err
		}
	}
	return b, nil
}

// checkWhole wraps a decoder's result: size limit before, nothing left after.
func checkWhole(what string, b []byte, decode func(b []byte) ([]byte, error)) error {
	if len(b) > MaxMessage {
		return fmt.Errorf("%s of %d bytes is larger than the limit of %d", what, len(b), MaxMessage)
	}
	rest, err := decode(b)
	if err == nil && len(rest) > 0 {
		err = errTrailing
	}
	if err != nil {
		return fmt.Errorf("broken %s: %w", what, err)
	}
	return nil
}

// shorten keeps hostile text out of error messages.
func shorten(s string) string {
	const limit = 40
	if len(s) > limit {
		s = s[:limit] + "…"
	}
	if !utf8.ValidString(s) {
		return fmt.Sprintf("%q", s)
	}
	return s
}
