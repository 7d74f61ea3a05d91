"""The toolchain: the Go tools that actions run."""

# The type to register a toolchain of one's own for.
TOOLCHAIN_TYPE = str(Label("//rules/toolchain:toolchain_type"))

def _wasmcloud_toolchain_impl(ctx):
    return [platform_common.ToolchainInfo(
        signer = ctx.attr.signer[DefaultInfo].files_to_run,
        ocipush = ctx.attr.ocipush[DefaultInfo].files_to_run,
        parpack = ctx.attr.parpack[DefaultInfo].files_to_run,
        smithy = ctx.attr.smithy[DefaultInfo].files_to_run,
        wasmfix = ctx.attr.wasmfix[DefaultInfo].files_to_run,
    )]

wasmcloud_toolchain = rule(
    doc = "Says which tools the actions of these rules run. Only the tools that a build needs are built.",
    implementation = _wasmcloud_toolchain_impl,
    attrs = {
        "ocipush": attr.label(doc = "Makes OCI manifests and layouts.", executable = True, cfg = "exec", mandatory = True),
        "parpack": attr.label(doc = "Packs provider archives.", executable = True, cfg = "exec", mandatory = True),
        "signer": attr.label(doc = "Hashes, signs, embeds and verifies.", executable = True, cfg = "exec", mandatory = True),
        "smithy": attr.label(doc = "Checks interfaces and writes code for them.", executable = True, cfg = "exec", mandatory = True),
        "wasmfix": attr.label(doc = "Makes a compiler's wasm an actor.", executable = True, cfg = "exec", mandatory = True),
    },
)
