"""Hermetic tests of actors."""

load("//rules/private:test.bzl", _wasmcloud_actor_test = "wasmcloud_actor_test")

wasmcloud_actor_test = _wasmcloud_actor_test
