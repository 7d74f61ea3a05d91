"""Hermetic tests of actors and providers."""

load("//rules/private:test.bzl", _wasmcloud_actor_test = "wasmcloud_actor_test", _wasmcloud_provider_test = "wasmcloud_provider_test")

wasmcloud_actor_test = _wasmcloud_actor_test
wasmcloud_provider_test = _wasmcloud_provider_test
