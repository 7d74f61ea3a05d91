"""Pushing to OCI registries, by `bazel run`."""

load("//rules/private:push.bzl", _wasmcloud_inspect = "wasmcloud_inspect", _wasmcloud_push = "wasmcloud_push", _wasmcloud_push_all = "wasmcloud_push_all")

wasmcloud_inspect = _wasmcloud_inspect
wasmcloud_push = _wasmcloud_push
wasmcloud_push_all = _wasmcloud_push_all
