"""Artifacts of a registry as files of a build, pinned by digest."""

load("//rules/providers:artifact_info.bzl", "WasmcloudArtifactInfo")
load("//rules/providers:interface_info.bzl", "WasmcloudInterfaceInfo")

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
    models = glob(["models/**/*.smithy", "models/**/*.json"], allow_empty = True),
    visibility = ["//visibility:public"],
)
"""

def _is_digest(text):
    return text.startswith("sha256:") and len(text) == 71 and not text[7:].strip("0123456789abcdef")

def _loopback(registry):
    host = registry.rsplit(":", 1)[0]
    return host in ["localhost", "127.0.0.1", "[::1]"]

def _kind(layer_type):
    if layer_type.endswith("+par"):
        return "provider", "artifact.par.gz"
    if layer_type.startswith("application/vnd.wasmcloud.interface."):
        return "interface", "artifact.tar"
    return "actor", "artifact.wasm"

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
    kind, file = _kind(layers[0].get("mediaType", ""))
    rctx.download(base + "blobs/" + layer, file, sha256 = layer[7:])
    if kind == "interface":
        rctx.extract(file, "models")
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
    doc = """Fetches an artifact from a registry that asks for no login: @NAME//:NAME can be pushed, started and tested as one that is built here.

An interface, as `make publish` or a wasmcloud_interface pushed it, can be named in the `deps` of others. The models that its own codegen.toml names in registries are
not fetched with it: pull those too.""",
    implementation = _wasmcloud_pull_impl,
    attrs = PULL_ATTRS | {"target": attr.string(doc = "Name of the target. Default: the repository rule's.")},
)

def _wasmcloud_import_impl(ctx):
    models = depset(ctx.files.models)
    used = [WasmcloudInterfaceInfo(models = models, transitive_models = models)] if ctx.attr.kind == "interface" else []
    return used + [
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
    doc = "An artifact that was made elsewhere.",
    implementation = _wasmcloud_import_impl,
    attrs = {
        "annotations": attr.label(doc = "File with the manifest's annotations, a JSON object.", allow_single_file = True, mandatory = True),
        "claim_name": attr.string(doc = "The repository to push to by default."),
        "digest": attr.label(doc = "File with the manifest's digest.", allow_single_file = True, mandatory = True),
        "file": attr.label(doc = "The signed wasm or provider archive, or the bundle of an interface.", allow_single_file = True, mandatory = True),
        "kind": attr.string(doc = "actor, provider or interface.", default = "actor", values = ["actor", "provider", "interface"]),
        "manifest": attr.label(doc = "The OCI manifest.", allow_single_file = True, mandatory = True),
        "models": attr.label_list(doc = "The models of an interface.", allow_files = [".smithy", ".json"]),
    },
    provides = [WasmcloudArtifactInfo],
)
