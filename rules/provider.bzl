"""Providers, from executables to what is pushed and run."""

load("//rules/private:binaries.bzl", _ALL_TARGETS = "ALL_TARGETS")
load("//rules/private:par.bzl", _wasmcloud_par = "wasmcloud_par")
load("//rules/private:provider.bzl", _wasmcloud_provider = "wasmcloud_provider")

ALL_TARGETS = _ALL_TARGETS
wasmcloud_par = _wasmcloud_par
wasmcloud_provider = _wasmcloud_provider
