"""wasmcloud_push, wasmcloud_push_all and wasmcloud_inspect: what `bazel run` does with artifacts.

No build action pushes: a push would then be cached, and a hit means that nothing was pushed.
"""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load("//rules/providers:artifact_info.bzl", "WasmcloudArtifactInfo")
load("//rules/providers:claims_info.bzl", "WasmcloudClaimsInfo")
load(":run.bzl", "rlocation", "runnable")
load(":settings.bzl", "STAMP_ATTRS", "stamped_texts")
load(":toolchain.bzl", "TOOLCHAIN_TYPE")

_PushInfo = provider(
    doc = "What wasmcloud_push_all takes of a wasmcloud_push.",
    fields = {
        "entries": "list of dicts: entries of the spec",
        "files": "list of Files that they name",
        "stamped": "bool: whether tags in the entries hold {KEY} of the workspace status",
    },
)

def _entry(ctx, target, registry, repository, tags):
    info = target[WasmcloudArtifactInfo]
    if "latest" in tags:
        fail("%s: the tag latest names something else tomorrow, and hosts refuse it: name a version." % ctx.label)
    reference = "%s/%s" % (registry, repository or info.name)
    entry = {
        "annotations": rlocation(ctx, info.annotations),
        "digest": rlocation(ctx, info.digest),
        "file": rlocation(ctx, info.file),
        "interface": info.kind == "interface",

        # Without a tag the push takes the version in the claims: that of a stamped or a
        # pulled artifact is not known before the file is read.
        "references": ["%s:%s" % (reference, tag) for tag in tags] or [reference],
    }
    files = [info.annotations, info.digest, info.file]
    if WasmcloudClaimsInfo in target:
        entry["claims"] = rlocation(ctx, target[WasmcloudClaimsInfo].claims)
        entry["unsigned"] = {part: rlocation(ctx, file) for part, file in info.unsigned.items()}
        files += [target[WasmcloudClaimsInfo].claims] + info.unsigned.values()
        if target[WasmcloudClaimsInfo].schema:
            entry["schema"] = rlocation(ctx, target[WasmcloudClaimsInfo].schema)
            files.append(target[WasmcloudClaimsInfo].schema)
    return entry, files

def _wasmcloud_push_impl(ctx):
    registry = ctx.attr.registry or ctx.attr._registry[BuildSettingInfo].value
    if ctx.attr.artifact[WasmcloudArtifactInfo].kind == "interface" and not ctx.attr.remote_tags:
        fail("%s: an interface has no claims that a tag could come from: name a version by remote_tags." % ctx.label)
    tags, stamped = stamped_texts(ctx, ctx.attr.remote_tags)
    entry, files = _entry(ctx, ctx.attr.artifact, registry, ctx.attr.repository, tags)
    return [
        runnable(ctx, "_push", {"artifacts": [entry], "insecure_hosts": ctx.attr.insecure_hosts}, files, _stamper(ctx, stamped)),
        OutputGroupInfo(digest = depset([ctx.attr.artifact[WasmcloudArtifactInfo].digest])),
        _PushInfo(entries = [entry], files = files, stamped = stamped),
    ]

def _stamper(ctx, stamped):
    return ctx.toolchains[TOOLCHAIN_TYPE].signer if stamped else None

_PUSH_TOOL = attr.label(default = "//rules/private/run/push", executable = True, cfg = "target")

wasmcloud_push = rule(
    doc = """Pushes an artifact: `bazel run //actor:push`.

Prints the digest, which is that of the artifact's output group `digest`. Arguments go to `ocipush push`:
`bazel run //actor:push -- --allow-dev-key`. `-- --reference HOST/NAME:TAG` pushes elsewhere; `-- --sign` signs first, with the key that `signer sign` or `parpack create`
would find here (WASH_ISSUER_KEY, KEYDIR, ~/.wash/keys), and pushes that.

An interface is first compared with its last release, that with the greatest version in the repository up to the tag, as `smithy diff --release-of` does. What breaks
those who use that is not pushed, unless the tag, a version, says that it may.""",
    implementation = _wasmcloud_push_impl,
    attrs = STAMP_ATTRS | {
        "artifact": attr.label(doc = "What to push: a wasmcloud_actor, a wasmcloud_provider, a wasmcloud_interface or anything with WasmcloudArtifactInfo.", mandatory = True, providers = [WasmcloudArtifactInfo]),
        "insecure_hosts": attr.string_list(doc = "Registries (host or host:port) that are spoken to by plain HTTP. This machine's always are."),
        "registry": attr.string(doc = "The registry's host. Default: //rules/settings:registry, localhost:5000."),
        "remote_tags": attr.string_list(doc = "Tags; an interface needs one, a version. Default: the version in the claims, in lower case and with - for the signs that a tag may not have. One that holds a {KEY} of the workspace status, such as {STABLE_VERSION}, is pushed by a stamped build only."),
        "repository": attr.string(doc = "The repository in the registry. Default: the name in the claims, NAME-interface of an interface."),
        "_push": _PUSH_TOOL,
        "_registry": attr.label(default = "//rules/settings:registry"),
    },
    executable = True,
    toolchains = [TOOLCHAIN_TYPE],
    provides = [_PushInfo],
)

def _wasmcloud_push_all_impl(ctx):
    entries = [e for p in ctx.attr.pushes for e in p[_PushInfo].entries]
    files = [f for p in ctx.attr.pushes for f in p[_PushInfo].files]
    stamped = any([p[_PushInfo].stamped for p in ctx.attr.pushes])
    spec = {"artifacts": entries, "insecure_hosts": ctx.attr.insecure_hosts, "jobs": ctx.attr.jobs}
    return [
        runnable(ctx, "_push", spec, files, _stamper(ctx, stamped)),
        _PushInfo(entries = entries, files = files, stamped = stamped),
    ]

wasmcloud_push_all = rule(
    doc = """Does several pushes in one process, side by side. An artifact that its tag names already costs one request.""",
    implementation = _wasmcloud_push_all_impl,
    attrs = {
        "insecure_hosts": attr.string_list(doc = "As of wasmcloud_push, for all."),
        "jobs": attr.int(doc = "How many pushes at a time.", default = 8),
        "pushes": attr.label_list(doc = "wasmcloud_push and wasmcloud_push_all targets.", mandatory = True, providers = [_PushInfo]),
        "_push": _PUSH_TOOL,
    },
    executable = True,
    toolchains = [TOOLCHAIN_TYPE],
    provides = [_PushInfo],
)

def _wasmcloud_inspect_impl(ctx):
    info = ctx.attr.artifact[WasmcloudArtifactInfo]
    return [runnable(ctx, "_inspect", {"file": rlocation(ctx, info.file), "kind": info.kind}, [info.file])]

wasmcloud_inspect = rule(
    doc = "Shows what a signed artifact claims: `bazel run //actor:inspect`. Arguments go to `signer inspect`, or `parpack inspect` of a provider.",
    implementation = _wasmcloud_inspect_impl,
    attrs = {
        "artifact": attr.label(doc = "A signed artifact.", mandatory = True, providers = [WasmcloudArtifactInfo]),
        "_inspect": attr.label(default = "//rules/private/run/inspect", executable = True, cfg = "target"),
    },
    executable = True,
)
