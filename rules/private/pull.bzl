"""Artifacts of a registry as files of a build, pinned by digest."""

load("//rules/providers:artifact_info.bzl", "WasmcloudArtifactInfo")

_ACCEPT = {"Accept": "application/vnd.oci.image.manifest.v1+json"}

_BUILD = """load("@rules_wasmcloud//rules/private:pull.bzl", "wasmcloud_import")

wasmcloud_import(
    name = "{name}",
    annotations = "annotations.json",
    claim_name = "{repository}",
    digest = "digest.txt",
    file = "{file}",
    kind = "{kind}",
    manifest = "manifest.json",
    visibility = ["//visibility:public"],
)
"""

def _is_digest(text):
    return text.startswith("sha256:") and len(text) == 71 and not text[7:].strip("0123456789abcdef")

def _loopback(registry):
    host = registry.rsplit(":", 1)[0]
    return host in ["localhost", "127.0.0.1", "[::1]"]

def _wasmcloud_pull_impl(rctx):
    attr = rctx.attr
    if not _is_digest(attr.digest):
        fail("wasmcloud_pull(%r): digest = %r is not sha256: and 64 hex digits. A tag may name something else tomorrow; `ocipush pull` prints the digest." %
             (attr.name, attr.digest))
    scheme = "http" if _loopback(attr.registry) or attr.registry in attr.insecure_hosts else "https"
    base = "%s://%s/v2/%s/" % (scheme, attr.registry, attr.repository)
    rctx.download(base + "manifests/" + attr.digest, "manifest.json", sha256 = attr.digest[7:], headers = _ACCEPT)
    manifest = json.decode(rctx.read("manifest.json"))
    layers = manifest.get("layers", [])
    if len(layers) != 1 or not _is_digest(layers[0].get("digest", "")):
        fail("wasmcloud_pull(%r): %s/%s@%s is no wasmCloud artifact: it has %d layers, and one is wanted." %
             (attr.name, attr.registry, attr.repository, attr.digest, len(layers)))
    layer = layers[0]["digest"]
    kind = "provider" if layers[0].get("mediaType", "").endswith("+par") else "actor"
    file = "artifact.par.gz" if kind == "provider" else "artifact.wasm"
    rctx.download(base + "blobs/" + layer, file, sha256 = layer[7:])
    rctx.file("annotations.json", json.encode(manifest.get("annotations", {})), executable = False)
    rctx.file("digest.txt", attr.digest + "\n", executable = False)
    rctx.file("BUILD.bazel", _BUILD.format(
        name = attr.target or attr.name,
        repository = attr.repository,
        file = file,
        kind = kind,
    ), executable = False)

PULL_ATTRS = {
    "digest": attr.string(doc = "The manifest's digest, sha256:…. There are no tags here: a build that depends on one is another tomorrow.", mandatory = True),
    "insecure_hosts": attr.string_list(doc = "Registries (host or host:port) that are spoken to by plain HTTP. This machine's always are."),
    "registry": attr.string(doc = "The registry's host, and port.", mandatory = True),
    "repository": attr.string(doc = "The repository in it.", mandatory = True),
}

wasmcloud_pull = repository_rule(
    doc = "Fetches a signed artifact from a registry that asks for no login: @NAME//:NAME can be pushed, started and tested as one that is built here.",
    implementation = _wasmcloud_pull_impl,
    attrs = PULL_ATTRS | {"target": attr.string(doc = "Name of the target. Default: the repository rule's.")},
)

def _wasmcloud_import_impl(ctx):
    return [
        DefaultInfo(files = depset([ctx.file.file]), runfiles = ctx.runfiles([ctx.file.file])),
        OutputGroupInfo(digest = depset([ctx.file.digest]), manifest = depset([ctx.file.manifest])),
        WasmcloudArtifactInfo(
            annotations = ctx.file.annotations,
            digest = ctx.file.digest,
            file = ctx.file.file,
            kind = ctx.attr.kind,
            manifest = ctx.file.manifest,
            name = ctx.attr.claim_name,
            unsigned = {},
        ),
    ]

wasmcloud_import = rule(
    doc = "A signed artifact that was made elsewhere.",
    implementation = _wasmcloud_import_impl,
    attrs = {
        "annotations": attr.label(doc = "File with the manifest's annotations, a JSON object.", allow_single_file = True, mandatory = True),
        "claim_name": attr.string(doc = "The repository to push to by default."),
        "digest": attr.label(doc = "File with the manifest's digest.", allow_single_file = True, mandatory = True),
        "file": attr.label(doc = "The signed wasm or provider archive.", allow_single_file = True, mandatory = True),
        "kind": attr.string(doc = "actor or provider.", default = "actor", values = ["actor", "provider"]),
        "manifest": attr.label(doc = "The OCI manifest.", allow_single_file = True, mandatory = True),
    },
    provides = [WasmcloudArtifactInfo],
)
