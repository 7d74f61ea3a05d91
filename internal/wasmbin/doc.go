// Package wasmbin reads and rewrites WebAssembly binaries section by section, in
// one pass and in memory that does not grow with the binary. It knows nothing of
// what signatures mean, only where they are kept.
//
// The canonical form is what module hashes are taken of (wascap 0.10 and later):
// the header, then each section with its size as a minimal LEB128 number and its
// body as it is, without the custom sections that hold a token. Compilers pad
// sizes to five bytes, so a module's canonical form is usually a few bytes
// shorter than its file.
package wasmbin
