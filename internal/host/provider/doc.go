// Package provider runs the executables of capability providers: it places them
// where only their owner can write, starts each in a process group of its own
// with as little environment as it needs, reads its output without letting it
// flood anybody, and sees to it that nothing of it is left when it ends.
//
// It knows processes only. What is said to a provider over the lattice — links,
// health, shutdown — is the affair of package core.
package provider
