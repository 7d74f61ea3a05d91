"""From a compiler's wasm to one that hosts load."""

load("//rules/private:fix.bzl", _wasmcloud_fix = "wasmcloud_fix")

wasmcloud_fix = _wasmcloud_fix
