"""wasmcloud_par: hash, sign, pack, manifest.

The steps of sign.bzl, with a hash for each executable:

    Hash      executable                    -> hash              any machine; one action for each target
    Sign      claims, hashes                -> token, 1 KiB      where the seed is; never reads an executable (token.bzl)
    Pack      executables, token            -> archive           any machine
    Manifest  digest of the archive         -> manifest, digest  any machine; 1 KiB (manifest.bzl)
"""

load("//rules/providers:artifact_info.bzl", "WasmcloudArtifactInfo")
load("//rules/providers:claims_info.bzl", "WasmcloudClaimsInfo")
load(":action.bzl", "run_tool")
load(":binaries.bzl", "BINARY_ATTRS", "executables")
load(":manifest.bzl", "MANIFEST_ATTRS", "make_manifest")
load(":token.bzl", "TOKEN_ATTRS", "make_token", "verify_token")
load(":toolchain.bzl", "TOOLCHAIN_TYPE")

def _wasmcloud_par_impl(ctx):
    tools = ctx.toolchains[TOOLCHAIN_TYPE]
    files = executables(ctx)
    hashes = {}
    for target, file in files.items():
        hashes[target] = ctx.actions.declare_file("%s.%s.hash" % (ctx.label.name, target))
        run_tool(ctx, "Hash", tools.parpack, ["action", "hash"], [("--binary", file), ("--out", hashes[target])], [file], [hashes[target]], "Hashing an executable of")
    token = make_token(ctx, tools.signer, "provider", {
        "capid": ctx.attr.capid,
        "vendor": ctx.attr.vendor,
    }, [("--target", hash, target + "=%s") for target, hash in hashes.items()], ctx.file.schema)
    archive = ctx.actions.declare_file(ctx.label.name + (".par.gz" if ctx.attr.compress else ".par"))
    layer = ctx.actions.declare_file(ctx.label.name + ".layer.json")
    run_tool(
        ctx,
        "Pack",
        tools.parpack,
        ["action", "pack"] + ([] if ctx.attr.compress else ["--plain"]),
        [("--binary", file, target + "=%s") for target, file in files.items()] +
        [("--token", token.info.jwt), ("--out", archive), ("--descriptor", layer)],
        files.values() + [token.info.jwt],
        [archive, layer],
        "Packing",
    )
    manifest = make_manifest(ctx, tools, "provider", archive, layer, token.name, files)
    return [
        DefaultInfo(files = depset([archive]), runfiles = ctx.runfiles([archive])),
        OutputGroupInfo(
            unsigned = depset(files.values()),
            _validation = depset([verify_token(ctx, tools.signer, token, archive)]),
            **(token.groups | manifest.groups)
        ),
        token.info,
        manifest.info,
    ]

wasmcloud_par = rule(
    doc = """Packs a provider's executables into a signed provider archive.

For the same executables, claims and account the output has the same bytes as that of `parpack create`,
on any machine and under any label.

Output groups are those of wasmcloud_sign; `unsigned` are the executables.""",
    implementation = _wasmcloud_par_impl,
    attrs = BINARY_ATTRS | TOKEN_ATTRS | MANIFEST_ATTRS | {
        "capid": attr.string(doc = "Contract id that it provides, such as wasmcloud:keyvalue.", mandatory = True),
        "compress": attr.bool(doc = "Compress the archive: .par.gz in place of .par.", default = True),
        "schema": attr.label(doc = "JSON file: the schema of the provider's configuration.", allow_single_file = [".json"]),
        "vendor": attr.string(doc = "Who makes it, for people.", mandatory = True),
    },
    toolchains = [TOOLCHAIN_TYPE],
    provides = [WasmcloudArtifactInfo, WasmcloudClaimsInfo],
)
