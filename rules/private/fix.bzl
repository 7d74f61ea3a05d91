"""wasmcloud_fix: what a compiler makes, made what a host loads."""

load(":toolchain.bzl", "TOOLCHAIN_TYPE")
load(":wasm.bzl", "SRC_ATTRS", "one_wasm")

def _wasmcloud_fix_impl(ctx):
    src = one_wasm(ctx)
    out = ctx.actions.declare_file(ctx.label.name + ".wasm")
    args = ctx.actions.args()
    args.add(src)
    args.add("--out", out)
    args.add_all(ctx.attr.caps, before_each = "--caps")
    if ctx.attr.strip:
        args.add("--strip")
    args.add("--quiet")
    ctx.actions.run(
        executable = ctx.toolchains[TOOLCHAIN_TYPE].wasmfix,
        arguments = [args],
        inputs = [src],
        outputs = [out],
        mnemonic = "WasmcloudFix",
        progress_message = "Making an actor of %{label}",
        execution_requirements = {"supports-path-mapping": ""},
        toolchain = TOOLCHAIN_TYPE,
    )
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
