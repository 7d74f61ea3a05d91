"""A toolchain of one's own, for instance of tools that were built before."""

load("//rules/private:toolchain.bzl", _TOOLCHAIN_TYPE = "TOOLCHAIN_TYPE", _wasmcloud_toolchain = "wasmcloud_toolchain")

TOOLCHAIN_TYPE = _TOOLCHAIN_TYPE
wasmcloud_toolchain = _wasmcloud_toolchain
