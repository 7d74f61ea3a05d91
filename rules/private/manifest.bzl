"""The OCI manifest of a signed file, known without a push."""

load("//rules/providers:artifact_info.bzl", "WasmcloudArtifactInfo")
load(":action.bzl", "run_tool", "write_json")
load(":settings.bzl", "stamped_texts")

# For rules whose output can be pushed.
MANIFEST_ATTRS = {
    "annotations": attr.string_dict(doc = "Annotations of the OCI manifest. One that holds a {KEY} of the workspace status is there in a stamped build only, as the status says."),
}

def make_manifest(ctx, tools, kind, file, layer, name, unsigned):
    """Declares the actions that make what a push sends besides the file.

    Args:
      ctx: of a rule with MANIFEST_ATTRS and STAMP_ATTRS.
      tools: the toolchain.
      kind: "actor" or "provider".
      file: the signed File.
      layer: File that says of it what a manifest says: type, digest and size.
      name: the name in the claims.
      unsigned: dict of string to File, as in WasmcloudArtifactInfo.

    Returns:
      A struct: info (WasmcloudArtifactInfo) and groups (dict of output group to depset).
    """

    def declare(suffix):
        return ctx.actions.declare_file(ctx.label.name + suffix)

    manifest, config, digest = declare(".manifest.json"), declare(".config.json"), declare(".digest")
    texts, stamped = stamped_texts(ctx, ctx.attr.annotations.values())
    content = {k: v for k, v in ctx.attr.annotations.items() if v in texts}
    annotations = write_json(ctx, ctx.label.name + ".annotations.json", content, tools.signer if stamped else None)
    run_tool(
        ctx,
        "Manifest",
        tools.ocipush,
        ["manifest"],
        [("--descriptor", layer), ("--annotations", annotations), ("--manifest", manifest), ("--config-out", config), ("--digest", digest)],
        [layer, annotations],
        [manifest, config, digest],
        "Writing the manifest of",
    )
    layout = ctx.actions.declare_directory(ctx.label.name + ".oci")
    run_tool(
        ctx,
        "Layout",
        tools.ocipush,
        ["layout"],
        [("--manifest", manifest), ("--config-file", config), ("--layer", file), ("--out", layout)],
        [manifest, config, file],
        [layout],
        "Writing the OCI layout of",
    )
    return struct(
        info = WasmcloudArtifactInfo(annotations = annotations, kind = kind, file = file, unsigned = unsigned, manifest = manifest, digest = digest, name = name),
        groups = {
            "digest": depset([digest]),
            "manifest": depset([manifest, config]),
            "oci_layout": depset([layout]),
        },
    )
