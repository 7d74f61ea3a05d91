"""Everything, for those who prefer one load."""

load("//rules:actor.bzl", _wasmcloud_actor = "wasmcloud_actor", _wasmcloud_sign = "wasmcloud_sign")
load("//rules:fix.bzl", _wasmcloud_fix = "wasmcloud_fix")
load("//rules:host.bzl", _wasmcloud_host = "wasmcloud_host")
load("//rules:keys.bzl", _wasmcloud_keys = "wasmcloud_keys")
load("//rules:push.bzl", _wasmcloud_inspect = "wasmcloud_inspect", _wasmcloud_push = "wasmcloud_push", _wasmcloud_push_all = "wasmcloud_push_all")
load("//rules:testing.bzl", _wasmcloud_actor_test = "wasmcloud_actor_test")

wasmcloud_actor = _wasmcloud_actor
wasmcloud_actor_test = _wasmcloud_actor_test
wasmcloud_fix = _wasmcloud_fix
wasmcloud_host = _wasmcloud_host
wasmcloud_inspect = _wasmcloud_inspect
wasmcloud_keys = _wasmcloud_keys
wasmcloud_push = _wasmcloud_push
wasmcloud_push_all = _wasmcloud_push_all
wasmcloud_sign = _wasmcloud_sign
