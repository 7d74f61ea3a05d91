"""Interfaces: Smithy models, checked by every build of what uses them, and the code for them."""

load("//rules/private:interface.bzl", _wasmcloud_interface = "wasmcloud_interface")

wasmcloud_interface = _wasmcloud_interface
