"""wasmcloud_host: a host with actors and providers in it, for development."""

load("//rules/providers:artifact_info.bzl", "WasmcloudArtifactInfo")
load(":run.bzl", "rlocation", "runnable")

def _wasmcloud_host_impl(ctx):
    spec = {
        kind: [a[WasmcloudArtifactInfo].file for a in getattr(ctx.attr, kind)]
        for kind in ["actors", "providers"]
    }
    files = [f for kind in spec.values() for f in kind]
    return [runnable(ctx, "_host", {kind: [rlocation(ctx, f) for f in files] for kind, files in spec.items()}, files)]

wasmcloud_host = rule(
    doc = """Runs a host, starts actors and providers in it and stays until Ctrl-C: `bazel run //actor:host`.

Arguments go to `devhost run`. `lattice call` and wash find the host as they find any.""",
    implementation = _wasmcloud_host_impl,
    attrs = {
        "actors": attr.label_list(doc = "Signed actors to start.", providers = [WasmcloudArtifactInfo]),
        "providers": attr.label_list(doc = "Signed providers to start, before the actors.", providers = [WasmcloudArtifactInfo]),
        "_host": attr.label(default = "//rules/private/run/host", executable = True, cfg = "target"),
    },
    executable = True,
)
