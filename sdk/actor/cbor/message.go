package cbor

import (
	"errors"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
)

// The first bytes of messages: of CBOR always, of MessagePack sometimes (wasmbus-rpc, common.rs).
const (
	prefix        = 0x7f
	msgpackPrefix = 0xc1
)

// ErrFormat: a message is neither CBOR nor MessagePack.
var ErrFormat = errors.New("message begins as neither CBOR nor MessagePack does")

// Begin appends what every message in CBOR begins with.
func Begin(b []byte) []byte { return append(b, prefix) }

// Spoken tells whether the answer to a message is to be in CBOR: unless it came in MessagePack, which
// callers send that know no other.
func Spoken(message []byte) bool {
	return len(message) == 0 || len(message) > 1 && message[0] == prefix
}

// Read reads a message in either format by the function for it.
func Read(message []byte, inCbor func(*Reader), inMsgpack func(*msgpack.Reader)) error {
	switch {
	case Spoken(message):
		r := NewReader(message[min(1, len(message)):])
		inCbor(r)
		return r.Done()
	case message[0] < prefix && len(message) > 1 || message[0] == 0xc0 && len(message) > 1:
		return ErrFormat
	case message[0] == msgpackPrefix:
		message = message[1:]
	}
	r := msgpack.NewReader(message)
	inMsgpack(r)
	return r.Done()
}
