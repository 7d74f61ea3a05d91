// Package soak holds one test: hosts, providers and the NATS server of a lattice
// are killed at random while clients write, and no acknowledged write is lost.
//
// It needs /proc to find the providers of a host, so it is for Linux.
package soak
