// Package strkey handles the keys that wasmCloud signs with: their text form,
// their kinds, signing and verifying, and finding the key a command should use.
//
// The text form is that of NATS nkeys (RFC 4648 base32 of a kind byte, 32 key
// bytes and a CRC-16), with two kinds that nats-io/nkeys refuses: M (module) and
// V (service, a capability provider). So the text form is coded here, and the
// raw Ed25519 keys are handed to nkeys under its account prefix for
// verifying. Unlike the Rust nkeys that wash is built on, the checksum is
// compared: a key with a typing error in it is refused, not used.
package strkey
