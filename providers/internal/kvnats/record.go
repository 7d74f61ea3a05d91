package kvnats

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
)

// kind is what a record holds.
type kind byte

const (
	aString kind = 's'
	aList   kind = 'l'
	aSet    kind = 't'
)

func (k kind) String() string {
	switch k {
	case aString:
		return "a string"
	case aList:
		return "a list"
	case aSet:
		return "a set"
	}
	return "unknown"
}

// record is the stored form: msgpack [kind, expiry in Unix milliseconds or 0, value or values].
type record struct {
	kind    kind
	expires int64
	value   string   // of a string
	values  []string // of a list in its order, of a set sorted
}

func (r record) expired(now time.Time) bool {
	return r.expires != 0 && now.UnixMilli() >= r.expires
}

func (r record) marshal() []byte {
	b := msgpack.AppendArray(nil, 3)
	b = msgpack.AppendUint(b, uint64(r.kind))
	b = msgpack.AppendInt(b, r.expires)
	if r.kind == aString {
		return msgpack.AppendString(b, r.value)
	}
	return append(b, msgpack.EncodeStrings(r.values)...)
}

func readRecord(b []byte) (r record, err error) {
	m := msgpack.NewReader(b)
	n := 0
	m.Array(func(i int) {
		n++
		switch i {
		case 0:
			r.kind = kind(m.Uint(8))
		case 1:
			r.expires = m.Int(64)
		case 2:
			if r.kind == aString {
				r.value = m.String()
				return
			}
			m.Array(func(int) { r.values = append(r.values, m.String()) })
		}
	})
	if m.Done() != nil || n < 3 || r.kind.String() == "unknown" {
		return r, errors.New("the bucket holds a value that this provider did not write; give the link a bucket of its own")
	}
	return r, nil
}

// want refuses a value of another kind, as Redis does.
func (f found) want(k kind, key string) error {
	if f.exists && f.kind != k {
		return fmt.Errorf("%q is %s, not %s", shorten(key), f.kind, k)
	}
	return nil
}

// bucketKey makes any text a key that NATS takes: letters, digits, _, / and - stand for themselves,
// other bytes are =XX.
func bucketKey(prefix, key string) (string, error) {
	var b strings.Builder
	whole := prefix + key
	for i := range len(whole) {
		switch c := whole[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '/', c == '-':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	const longest = 1024 // NATS takes 4096 bytes in a line with its subjects
	switch {
	case b.Len() == 0:
		return "=", nil // the empty key
	case b.Len() > longest:
		return "", fmt.Errorf("the key %q is too long: %d bytes with its escapes, at most %d", shorten(key), b.Len(), longest)
	}
	return b.String(), nil
}

func shorten(s string) string {
	const limit = 60
	if len(s) > limit {
		return s[:limit] + "…"
	}
	return s
}
