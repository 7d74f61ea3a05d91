"""wasmcloud_actor_test and wasmcloud_provider_test: case files against what is signed, with all that it needs inside the test."""

load("//rules/providers:artifact_info.bzl", "WasmcloudArtifactInfo")
load("//rules/providers:claims_info.bzl", "WasmcloudClaimsInfo")
load(":run.bzl", "rlocation", "runnable")

def _file(ctx, attribute, kind):
    """The artifact of an attribute, if it is of the kind."""
    target = getattr(ctx.attr, attribute)
    info = target[WasmcloudArtifactInfo]
    if info.kind != kind:
        fail("%s: %s = %s is of the kind %s: an %s is tested by wasmcloud_%s_test." % (ctx.label, attribute, target.label, info.kind, info.kind, info.kind))
    return info.file

def _issuer(target):
    """Who must have signed it: whoever the build says; of what was pulled anybody."""
    return target[WasmcloudClaimsInfo].keys.account if WasmcloudClaimsInfo in target else ""

def _wasmcloud_actor_test_impl(ctx):
    actor = _file(ctx, "actor", "actor")
    options = [ctx.file.options] if ctx.file.options else []
    spec = {
        "actor": rlocation(ctx, actor),
        "cases": [rlocation(ctx, f) for f in ctx.files.cases],
        "compile": ctx.attr.compile,
        "issuer": _issuer(ctx.attr.actor),
        "options": rlocation(ctx, ctx.file.options) if ctx.file.options else "",
    }
    return [runnable(ctx, "_test", spec, [actor] + ctx.files.cases + options)]

wasmcloud_actor_test = rule(
    doc = """Runs the case files of `lattice test` against a signed actor.

Host, NATS server and registry are in the test's own process and listen on no port, so that the test needs no network and any number
run side by side. The actor is pushed to that registry and started from it by digest, with every check that a host makes.
`--test_filter` is a regular expression over the names of cases and, with `options` or without `cases`, of the actor's own tests: one that
matches none of them fails. Shards and test.xml work as usual; the first shard runs the actor's own tests.""",
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

def _wasmcloud_provider_test_impl(ctx):
    provider = _file(ctx, "provider", "provider")
    spec = {
        "cases": [rlocation(ctx, f) for f in ctx.files.cases],
        "issuer": _issuer(ctx.attr.provider),
        "link_name": ctx.attr.link_name,
        "provider": rlocation(ctx, provider),
        "values": ["%s=%s" % item for item in ctx.attr.values.items()],
    }
    return [runnable(ctx, "_test", spec, [provider] + ctx.files.cases)]

wasmcloud_provider_test = rule(
    doc = """Starts a signed provider as a host does and runs the case files of `lattice test-provider` against it.

Without cases it is tested that the provider becomes healthy, and ends when it is asked to. The archive needs an executable for the platform
that tests run on; its NATS server is the test's own. `--test_filter` is a regular expression over the cases' names; shards and
test.xml work as usual.""",
    implementation = _wasmcloud_provider_test_impl,
    attrs = {
        "cases": attr.label_list(doc = "Case files, *.txtar (`lattice test-provider --help` describes them).", allow_files = [".txtar"]),
        "link_name": attr.string(doc = "Name of the link. Default: default."),
        "provider": attr.label(doc = "The signed provider.", mandatory = True, providers = [WasmcloudArtifactInfo]),
        "values": attr.string_dict(doc = "The link's values. They are in the build's outputs: no place for passwords."),
        "_test": attr.label(default = "//rules/private/run/providertest", executable = True, cfg = "target"),
    },
    test = True,
)
