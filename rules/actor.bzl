"""Actors, from wasm to what is pushed and run."""

load("//rules/private:actor.bzl", _wasmcloud_actor = "wasmcloud_actor")
load("//rules/private:sign.bzl", _wasmcloud_sign = "wasmcloud_sign")

wasmcloud_actor = _wasmcloud_actor
wasmcloud_sign = _wasmcloud_sign
