"""Everything, for those who prefer one load."""

load("//rules:actor.bzl", _wasmcloud_actor = "wasmcloud_actor", _wasmcloud_sign = "wasmcloud_sign")
load("//rules:fix.bzl", _wasmcloud_fix = "wasmcloud_fix")
load("//rules:host.bzl", _wasmcloud_host = "wasmcloud_host")
load("//rules:interface.bzl", _wasmcloud_interface = "wasmcloud_interface", _wasmcloud_models = "wasmcloud_models")
load("//rules:keys.bzl", _wasmcloud_keys = "wasmcloud_keys")
load("//rules:provider.bzl", _wasmcloud_par = "wasmcloud_par", _wasmcloud_provider = "wasmcloud_provider")
load("//rules:push.bzl", _wasmcloud_inspect = "wasmcloud_inspect", _wasmcloud_push = "wasmcloud_push", _wasmcloud_push_all = "wasmcloud_push_all")
load("//rules:testing.bzl", _wasmcloud_actor_test = "wasmcloud_actor_test", _wasmcloud_provider_test = "wasmcloud_provider_test")
load("//rules/private:pull.bzl", _wasmcloud_pull = "wasmcloud_pull")

wasmcloud_actor = _wasmcloud_actor
wasmcloud_actor_test = _wasmcloud_actor_test
wasmcloud_fix = _wasmcloud_fix
wasmcloud_host = _wasmcloud_host
wasmcloud_inspect = _wasmcloud_inspect
wasmcloud_interface = _wasmcloud_interface
wasmcloud_keys = _wasmcloud_keys
wasmcloud_models = _wasmcloud_models
wasmcloud_par = _wasmcloud_par
wasmcloud_provider = _wasmcloud_provider
wasmcloud_provider_test = _wasmcloud_provider_test
wasmcloud_pull = _wasmcloud_pull
wasmcloud_push = _wasmcloud_push
wasmcloud_push_all = _wasmcloud_push_all
wasmcloud_sign = _wasmcloud_sign
