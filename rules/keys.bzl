"""Who signs, by public key."""

load("//rules/private:keys.bzl", _DEVELOPMENT_ACCOUNT = "DEVELOPMENT_ACCOUNT", _wasmcloud_keys = "wasmcloud_keys")

DEVELOPMENT_ACCOUNT = _DEVELOPMENT_ACCOUNT
wasmcloud_keys = _wasmcloud_keys
