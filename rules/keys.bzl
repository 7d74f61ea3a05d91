"""Who signs, by public key."""

load("//rules/private:keys.bzl", _DEVELOPMENT_ACCOUNT = "DEVELOPMENT_ACCOUNT", _wasmcloud_keys = "wasmcloud_keys")
load("//rules/providers:keys_info.bzl", _WasmcloudKeysInfo = "WasmcloudKeysInfo")

DEVELOPMENT_ACCOUNT = _DEVELOPMENT_ACCOUNT
WasmcloudKeysInfo = _WasmcloudKeysInfo
wasmcloud_keys = _wasmcloud_keys
