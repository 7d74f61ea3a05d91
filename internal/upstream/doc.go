// Package upstream reads what projects of wasmCloud describe themselves by: a Makefile that sets
// variables and includes actor.mk, provider.mk or interface.mk, wasmcloud.toml, and Cargo.toml.
package upstream
