"""A host for development, by `bazel run`."""

load("//rules/private:host.bzl", _wasmcloud_host = "wasmcloud_host")

wasmcloud_host = _wasmcloud_host
