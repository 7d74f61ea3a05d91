// Package soak holds what takes long. Hosts, providers and the NATS server of a
// lattice are killed at random while clients write, and no acknowledged write is
// lost; one of two hosts is killed, and the other serves on; actors are called many
// times, and the host does not grow.
//
// It needs /proc to find a host's providers and its memory, so it is for Linux.
package soak
