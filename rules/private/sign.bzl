"""wasmcloud_sign: hash, sign, embed, manifest.

Signing is four actions, so that the one that sees a key is small and seldom runs:

    Hash      wasm                    -> hash              any machine
    Sign      claims, hash            -> token, 1 KiB      where the seed is; never reads the wasm (token.bzl)
    Embed     wasm, token             -> signed wasm       any machine
    Manifest  digest of the signed    -> manifest, digest  any machine; 1 KiB (manifest.bzl)
"""

load("//rules/providers:artifact_info.bzl", "WasmcloudArtifactInfo")
load("//rules/providers:claims_info.bzl", "WasmcloudClaimsInfo")
load(":action.bzl", "run_tool")
load(":manifest.bzl", "MANIFEST_ATTRS", "make_manifest")
load(":settings.bzl", "stamped_texts")
load(":token.bzl", "TOKEN_ATTRS", "make_token", "verify_token")
load(":toolchain.bzl", "TOOLCHAIN_TYPE")
load(":wasm.bzl", "SRC_ATTRS", "one_wasm")

def _wasmcloud_sign_impl(ctx):
    tools = ctx.toolchains[TOOLCHAIN_TYPE]
    src = one_wasm(ctx)
    hash = ctx.actions.declare_file(ctx.label.name + ".hash")
    run_tool(ctx, "Hash", tools.signer, ["action", "hash"], [("--module", src), ("--out", hash)], [src], [hash], "Hashing the wasm of")
    token = make_token(ctx, tools.signer, "actor", {
        "call_alias": ctx.attr.call_alias,
        "caps": ctx.attr.caps,
        "legacy": ctx.attr.legacy,
        "provider": ctx.attr.provider,
        "tags": stamped_texts(ctx, ctx.attr.custom_tags)[0],
    }, [("--hash", hash)])
    signed = ctx.actions.declare_file(ctx.label.name + "_s.wasm")
    layer = ctx.actions.declare_file(ctx.label.name + ".layer.json")
    run_tool(
        ctx,
        "Embed",
        tools.signer,
        ["action", "embed"],
        [("--module", src), ("--token", token.info.jwt), ("--out", signed), ("--descriptor", layer), ("--section", "legacy" if ctx.attr.legacy else "modern")],
        [src, token.info.jwt],
        [signed, layer],
        "Embedding the token of",
    )
    manifest = make_manifest(ctx, tools, "actor", signed, layer, token.name, {"wasm": src})
    return [
        DefaultInfo(files = depset([signed]), runfiles = ctx.runfiles([signed])),
        OutputGroupInfo(
            unsigned = depset([src]),
            _validation = depset([verify_token(ctx, tools.signer, token, signed)]),
            **(token.groups | manifest.groups)
        ),
        token.info,
        manifest.info,
    ]

wasmcloud_sign = rule(
    doc = """Signs a wasm file for hosts.

For the same unsigned file, claims and account the output has the same bytes as that of `signer sign`,
on any machine and under any label.

Output groups: `claims` (JSON), `jwt` (the token), `signing_request` (what to sign elsewhere, for `jwt`),
`unsigned`, `digest` (what a push prints), `manifest`, `oci_layout` (a folder that oras, crane and skopeo push), and `_validation`, which Bazel
builds with the target.""",
    implementation = _wasmcloud_sign_impl,
    attrs = SRC_ATTRS | TOKEN_ATTRS | MANIFEST_ATTRS | {
        "call_alias": attr.string(doc = "Name that other actors may call this one by: lower-case letters, digits, _ and /."),
        "caps": attr.string_list(doc = "Contract ids that the actor uses, such as wasmcloud:httpserver."),
        "custom_tags": attr.string_list(doc = "Tags in the claims. One that holds a {KEY} of the workspace status is there in a stamped build only. (`tags` are Bazel's.)"),
        "legacy": attr.bool(doc = "Sign in the form that hosts of 2022 read."),
        "provider": attr.bool(doc = "The module is a provider, of at most one contract."),
    },
    toolchains = [TOOLCHAIN_TYPE],
    provides = [WasmcloudArtifactInfo, WasmcloudClaimsInfo],
)
