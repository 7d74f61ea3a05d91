"""wasmcloud_interface: lint, validate, generate."""

load("//rules/providers:interface_info.bzl", "WasmcloudInterfaceInfo")
load(":action.bzl", "run_tool")
load(":toolchain.bzl", "TOOLCHAIN_TYPE")

def _wasmcloud_interface_impl(ctx):
    smithy = ctx.toolchains[TOOLCHAIN_TYPE].smithy
    used = depset(transitive = [dep[WasmcloudInterfaceInfo].transitive_models for dep in ctx.attr.deps])
    own = ctx.files.srcs

    # One that is also used by way of another counts as its own.
    flags = [("--model", f) for f in own] + [("--uses", f) for f in used.to_list() if f not in own]
    inputs = own + used.to_list()

    linted = ctx.actions.declare_file(ctx.label.name + ".lint")
    run_tool(ctx, "Lint", smithy, ["action", "lint"], flags + [("--disable", r) for r in ctx.attr.disable_lints] + [("--out", linted)], inputs, [linted], "Linting")

    valid = ctx.actions.declare_file(ctx.label.name + ".valid")
    verb = ["action", "validate"] + (["--bare-messages"] if ctx.attr.bare_messages else [])
    run_tool(ctx, "Validate", smithy, verb, flags + [("--out", valid)], inputs, [valid], "Validating")

    code = ctx.actions.declare_file(ctx.label.name + ".go")
    tests = ctx.actions.declare_file(ctx.label.name + "_test.go")
    names = [("--package", ctx.attr.package)] if ctx.attr.package else []
    names += [("--namespace", ctx.attr.namespace)] if ctx.attr.namespace else []
    run_tool(ctx, "Generate", smithy, ["action", "gen"], flags + names + [("--out", code), ("--test-out", tests)], inputs, [code, tests], "Writing code for")

    return [
        DefaultInfo(files = depset([code])),
        OutputGroupInfo(
            models = depset(own),
            tests = depset([tests]),
            _validation = depset([linted, valid]),
        ),
        WasmcloudInterfaceInfo(
            models = depset(own),
            transitive_models = depset(own, transitive = [used]),
        ),
    ]

wasmcloud_interface = rule(
    doc = """Checks the Smithy models of an interface and writes Go code for it: `NAME.go`, for the `srcs` of a go_library.

The code has the messages, a client for each service, and a dispatcher that calls an implementation; it needs
`@rules_wasmcloud//sdk/actor/msgpack`. The output group `tests` is `NAME_test.go`, which sends each message there and back: for the `srcs`
of a go_test that embeds the library. The models are linted and validated by every build of what uses the code, unless
`--norun_validations` says otherwise. `org.wasmcloud.model` and `org.wasmcloud.core` come with the tool. No codegen.toml is read: `deps` say what is used.""",
    implementation = _wasmcloud_interface_impl,
    attrs = {
        "bare_messages": attr.bool(doc = "Let operations take and give any type, not structures alone, as many contracts of wasmCloud do."),
        "deps": attr.label_list(doc = "Interfaces whose shapes these models use.", providers = [WasmcloudInterfaceInfo]),
        "disable_lints": attr.string_list(doc = "Lints that are switched off, as listed by `smithy lint --help`."),
        "namespace": attr.string(doc = "The namespace to write code for. Only needed if the models define several."),
        "package": attr.string(doc = "The name of the Go package. The last part of the namespace if empty."),
        "srcs": attr.label_list(doc = "The models.", allow_files = [".smithy", ".json"], allow_empty = False, mandatory = True),
    },
    provides = [WasmcloudInterfaceInfo],
    toolchains = [TOOLCHAIN_TYPE],
)
