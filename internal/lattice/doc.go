// Package lattice reaches a wasmCloud lattice over NATS: it embeds a server or
// connects to one, keeps links, claims and references in the JetStream bucket
// that all hosts share, moves large payloads through the object store, calls
// actors and drives hosts through the control interface.
//
// What the messages look like is package wasmbus's business.
package lattice
