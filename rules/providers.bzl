"""Providers, for rule sets that make or take artifacts."""

load("//rules/providers:artifact_info.bzl", _WasmcloudArtifactInfo = "WasmcloudArtifactInfo")
load("//rules/providers:claims_info.bzl", _WasmcloudClaimsInfo = "WasmcloudClaimsInfo")
load("//rules/providers:interface_info.bzl", _WasmcloudInterfaceInfo = "WasmcloudInterfaceInfo")
load("//rules/providers:keys_info.bzl", _WasmcloudKeysInfo = "WasmcloudKeysInfo")

WasmcloudArtifactInfo = _WasmcloudArtifactInfo
WasmcloudClaimsInfo = _WasmcloudClaimsInfo
WasmcloudInterfaceInfo = _WasmcloudInterfaceInfo
WasmcloudKeysInfo = _WasmcloudKeysInfo
