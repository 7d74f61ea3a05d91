//go:build !wasip1

package actor

// Export makes a the actor that the host calls. Call it from an init function. Outside of
// WebAssembly there is no host to call it, and it does nothing.
func Export(*Actor) {}
