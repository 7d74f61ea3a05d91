// Package rules_wasmcloud is the root of the module; it holds what new projects are made of. The
// tools are under tools, what actors import is under sdk.
package rules_wasmcloud

import "embed"

// Files are the template of a new actor, which is the example echo, and the Make includes that its
// Makefile needs, by their paths in this repository.
//
//go:embed examples/echo/*.go examples/echo/Makefile examples/echo/README.md examples/echo/cases/*.txtar
//go:embed rules/make/*.mk
var Files embed.FS
