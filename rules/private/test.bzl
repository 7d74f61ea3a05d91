"""wasmcloud_actor_test: case files against a signed actor, in a host inside the test's process."""

load("//rules/providers:artifact_info.bzl", "WasmcloudArtifactInfo")
load("//rules/providers:claims_info.bzl", "WasmcloudClaimsInfo")
load(":run.bzl", "rlocation", "runnable")

def _wasmcloud_actor_test_impl(ctx):
    actor = ctx.attr.actor[WasmcloudArtifactInfo].file
    options = [ctx.file.options] if ctx.file.options else []
    spec = {
        "actor": rlocation(ctx, actor),
        "cases": [rlocation(ctx, f) for f in ctx.files.cases],
        "compile": ctx.attr.compile,
        "issuer": ctx.attr.actor[WasmcloudClaimsInfo].keys.account if WasmcloudClaimsInfo in ctx.attr.actor else "",
        "options": rlocation(ctx, ctx.file.options) if ctx.file.options else "",
    }
    return [runnable(ctx, "_test", spec, [actor] + ctx.files.cases + options)]

wasmcloud_actor_test = rule(
    doc = """Runs the case files of `lattice test` against a signed actor.

Host, NATS server and registry are in the test's own process and listen on no port, so that the test needs no network and any number
run side by side. The actor is pushed to that registry and started from it by digest, with every check that a host makes.
`--test_filter` is a regular expression over the cases' names; shards and test.xml work as usual.""",
    implementation = _wasmcloud_actor_test_impl,
    attrs = {
        "actor": attr.label(doc = "The signed actor.", mandatory = True, providers = [WasmcloudArtifactInfo]),
        "cases": attr.label_list(doc = "Case files, *.txtar (`lattice test --help` describes them).", allow_files = [".txtar"]),
        "compile": attr.bool(doc = "Compile the actor instead of interpreting it: slower to start, faster to run."),
        "options": attr.label(doc = "test-options.json for the actor's own tests (contract wasmcloud:testing).", allow_single_file = [".json"]),
        "_test": attr.label(default = "//rules/private/run/actortest", executable = True, cfg = "target"),
    },
    test = True,
)
