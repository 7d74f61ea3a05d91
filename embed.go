// Package rules_wasmcloud is the root of the module; it holds what new projects are made of. The
// tools are under tools, what actors import is under sdk.
package rules_wasmcloud

import "embed"

// Files are what new projects need of this repository, by their paths in it: the Make includes, the
// versions of modules that the SDK needs, and the version of Bazel.
//
//go:embed rules/make/*.mk go.mod go.sum .bazelversion
var Files embed.FS
