// Package claims writes and reads the tokens that wasmCloud signs modules,
// providers and invocations with: wascap's JWT, an Ed25519 signature over compact
// JSON whose fields stand in a fixed order.
//
// Tokens made here are a pure function of the claims and the key: the id (jti) is
// derived from the rest of the claims. wascap's reader ignores the order, but
// equal inputs must give equal bytes.
package claims
