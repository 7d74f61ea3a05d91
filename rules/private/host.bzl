"""wasmcloud_host: a host with actors in it, for development."""

load("//rules/providers:artifact_info.bzl", "WasmcloudArtifactInfo")
load(":run.bzl", "rlocation", "runnable")

def _wasmcloud_host_impl(ctx):
    files = [a[WasmcloudArtifactInfo].file for a in ctx.attr.actors]
    return [runnable(ctx, "_host", {"actors": [rlocation(ctx, f) for f in files]}, files)]

wasmcloud_host = rule(
    doc = """Runs a host, starts the actors in it and stays until Ctrl-C: `bazel run //actor:host`.

Arguments go to `devhost run`. `lattice call` and wash find the host as they find any.""",
    implementation = _wasmcloud_host_impl,
    attrs = {
        "actors": attr.label_list(doc = "Signed actors to start.", providers = [WasmcloudArtifactInfo]),
        "_host": attr.label(default = "//rules/private/run/host", executable = True, cfg = "target"),
    },
    executable = True,
)
