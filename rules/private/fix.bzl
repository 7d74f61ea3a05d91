"""wasmcloud_fix: what a compiler makes, made what a host loads."""

load(":action.bzl", "run_tool")
load(":toolchain.bzl", "TOOLCHAIN_TYPE")
load(":wasm.bzl", "SRC_ATTRS", "one_wasm")

def _wasmcloud_fix_impl(ctx):
    src = one_wasm(ctx)
    out = ctx.actions.declare_file(ctx.label.name + ".wasm")
    verb = ["--quiet"] + (["--strip"] if ctx.attr.strip else []) + [src]
    flags = [("--out", out)] + [("--caps", c) for c in ctx.attr.caps]
    run_tool(ctx, "Fix", ctx.toolchains[TOOLCHAIN_TYPE].wasmfix, verb, flags, [src], [out], "Making an actor of")
    return [DefaultInfo(files = depset([out]))]

wasmcloud_fix = rule(
    doc = """Makes a compiler's wasm an actor, and refuses what hosts would refuse when they load it.

Go exports `_initialize`, and hosts only call `_start`: an alias is added. Modules that need nothing
are copied as they are.""",
    implementation = _wasmcloud_fix_impl,
    attrs = SRC_ATTRS | {
        "caps": attr.string_list(doc = "Contract ids that will be claimed: a warning names others that the module's data mentions."),
        "strip": attr.bool(doc = "Drop names and debugging sections."),
    },
    toolchains = [TOOLCHAIN_TYPE],
)
