"""Interfaces: Smithy models, checked by every build of what uses them, the code for them, and what is published of them."""

load("//rules/private:interface.bzl", _wasmcloud_interface = "wasmcloud_interface", _wasmcloud_models = "wasmcloud_models")

wasmcloud_interface = _wasmcloud_interface
wasmcloud_models = _wasmcloud_models
