// Package wasmbus is the vocabulary of a wasmCloud lattice: every NATS subject,
// the msgpack, CBOR and JSON messages that travel on them, and the checks that
// an invocation must pass before anybody acts on it.
//
// It opens no connection; package lattice does. Readers are lenient, because
// three generations of peers disagree on details (the Elixir host writes bytes
// as strings, Rust ones write them as bin or as arrays); writers are strict and
// deterministic. No decoder allocates more than a small multiple of the bytes
// it was given, whatever sizes those bytes announce.
package wasmbus
