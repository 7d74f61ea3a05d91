"""wasmcloud_interface and wasmcloud_models: lint, validate, generate, bundle.

    Lint      models         -> lint        a validation action
    Validate  models         -> valid       a validation action
    Generate  models         -> Go code, and tests of it
    Bundle    models         -> one file that codegen.toml can name once it is pushed
    Manifest  digest of that -> manifest, digest  (manifest.bzl)

All are functions of the models, and any machine may run them.
"""

load("//rules/providers:artifact_info.bzl", "WasmcloudArtifactInfo")
load("//rules/providers:interface_info.bzl", "WasmcloudInterfaceInfo")
load(":action.bzl", "run_tool")
load(":manifest.bzl", "MANIFEST_ATTRS", "make_manifest")
load(":settings.bzl", "STAMP_ATTRS")
load(":targets.bzl", "group_targets", "push_target", "short_aliases", "wants_short_names")
load(":toolchain.bzl", "TOOLCHAIN_TYPE")

def _name_in_bundle(ctx, file):
    """The path below the interface's folder; of a file elsewhere, its name alone."""
    folder = ctx.label.package + "/" if ctx.label.package else ""
    if not file.short_path.startswith("../") and file.short_path.startswith(folder):
        return file.short_path.removeprefix(folder)
    return file.basename

def _bundle(ctx, smithy, models):
    """Declares the bundle of models, and what a push sends besides it."""
    names = {}
    for file in models:
        name = _name_in_bundle(ctx, file)
        names["%d/%s" % (len(names), name) if name in names else name] = file
    out = ctx.actions.declare_file(ctx.label.name + ".tar")
    layer = ctx.actions.declare_file(ctx.label.name + ".layer.json")
    flags = [("--file", file, name.replace("%", "%%") + "=%s") for name, file in names.items()]
    run_tool(ctx, "Bundle", smithy, ["action", "bundle"], flags + [("--out", out), ("--descriptor", layer)], models, [out, layer], "Packing the models of")
    return make_manifest(ctx, ctx.toolchains[TOOLCHAIN_TYPE], "interface", out, layer, ctx.label.name + "-interface", {})

def _wasmcloud_models_impl(ctx):
    smithy = ctx.toolchains[TOOLCHAIN_TYPE].smithy
    used = depset(transitive = [dep[WasmcloudInterfaceInfo].transitive_models for dep in ctx.attr.deps])
    own = ctx.files.srcs

    # One that is also used by way of another counts as its own.
    flags = [("--model", f) for f in own] + [("--uses", f) for f in used.to_list() if f not in own]
    inputs = own + used.to_list()

    linted = ctx.actions.declare_file(ctx.label.name + ".lint")
    run_tool(ctx, "Lint", smithy, ["action", "lint"], flags + [("--disable", r) for r in ctx.attr.disable_lints] + [("--out", linted)], inputs, [linted], "Linting")

    valid = ctx.actions.declare_file(ctx.label.name + ".valid")
    verb = ["action", "validate"] + (["--bare-messages"] if ctx.attr.bare_messages else [])
    run_tool(ctx, "Validate", smithy, verb, flags + [("--out", valid)], inputs, [valid], "Validating")

    code = ctx.actions.declare_file(ctx.label.name + ".go")
    tests = ctx.actions.declare_file(ctx.label.name + "_test.go")
    names = [("--package", ctx.attr.package)] if ctx.attr.package else []
    names += [("--namespace", ctx.attr.namespace)] if ctx.attr.namespace else []
    run_tool(ctx, "Generate", smithy, ["action", "gen"], flags + names + [("--out", code), ("--test-out", tests)], inputs, [code, tests], "Writing code for")

    pushed = _bundle(ctx, smithy, inputs)
    return [
        DefaultInfo(files = depset([code])),
        OutputGroupInfo(
            bundle = depset([pushed.info.file]),
            models = depset(own),
            tests = depset([tests]),
            _validation = depset([linted, valid]),
            **pushed.groups
        ),
        pushed.info,
        WasmcloudInterfaceInfo(
            models = depset(own),
            transitive_models = depset(own, transitive = [used]),
        ),
    ]

wasmcloud_models = rule(
    doc = """Checks the Smithy models of an interface, and writes Go code for it: `NAME.go`.

Output groups: `tests` (`NAME_test.go`), `models`, `bundle` (`NAME.tar`, the models in one file, and those of `deps` with them), `digest` (what a push of it
prints), `manifest`, `oci_layout`, and `_validation`, which Bazel builds with what uses the code. `org.wasmcloud.model` and `org.wasmcloud.core` come with the
tool. No codegen.toml is read: `deps` say what is used.""",
    implementation = _wasmcloud_models_impl,
    attrs = MANIFEST_ATTRS | STAMP_ATTRS | {
        "bare_messages": attr.bool(doc = "Let operations take and give any type, not structures alone, as many contracts of wasmCloud do."),
        "deps": attr.label_list(doc = "Interfaces whose shapes these models use.", providers = [WasmcloudInterfaceInfo]),
        "disable_lints": attr.string_list(doc = "Lints that are switched off, as listed by `smithy lint --help`."),
        "namespace": attr.string(doc = "The namespace to write code for. Only needed if the models define several."),
        "package": attr.string(doc = "The name of the Go package. The last part of the namespace if empty."),
        "srcs": attr.label_list(doc = "The models.", allow_files = [".smithy", ".json"], allow_empty = False, mandatory = True),
    },
    provides = [WasmcloudArtifactInfo, WasmcloudInterfaceInfo],
    toolchains = [TOOLCHAIN_TYPE],
)

def wasmcloud_interface(
        name,
        srcs,
        version = None,
        registry = None,
        repository = None,
        remote_tags = None,
        insecure_hosts = None,
        short_names = None,
        visibility = None,
        testonly = None,
        tags = [],
        **kwargs):
    """Checks the Smithy models of an interface, writes Go code for it, and makes the targets that go with it.

    It makes NAME (the code, NAME.go, for the `srcs` of a go_library), NAME.tests (NAME_test.go, which sends each message
    there and back: for the `srcs` of a go_test that embeds the library), NAME.bundle (the models in one file, and those of
    `deps` with them) and NAME.digest; with a version also NAME.push, for `bazel run`. In a package whose last part is NAME,
    such as //interface:interface, the short names tests, bundle, digest and push are there too.

    The code has the messages, a client for each service, and a dispatcher that calls an implementation; it needs
    `@rules_wasmcloud//sdk/actor/msgpack`, `//sdk/actor/document` there for documents and `//sdk/actor/cbor` for services with
    protocol "2". The models are linted and validated by every build of what uses the code, unless
    `--norun_validations` says otherwise. What is pushed is what `make publish` pushes: a codegen.toml can name it.

    Args:
      name: the target's name.
      srcs: the models, .smithy or .json.
      version: the version, which is the tag that is pushed.
      registry: host to push to; default //rules/settings:registry.
      repository: repository to push to; default NAME-interface.
      remote_tags: tags to push; default the version. Each must be a version.
      insecure_hosts: registries to speak plain HTTP to.
      short_names: True or False to make or leave out the short names; None as said above.
      visibility: of all targets.
      testonly: of all targets.
      tags: Bazel's, of all targets.
      **kwargs: deps, package, namespace, bare_messages, disable_lints, annotations, stamp: see wasmcloud_models.
    """
    common = {"tags": tags, "testonly": testonly, "visibility": visibility}
    wasmcloud_models(
        name = name,
        srcs = srcs,
        **(common | kwargs)
    )
    groups, runs = ["tests", "bundle", "digest"], []
    group_targets(name, common, groups)
    if version or remote_tags:
        runs = ["push"]
        push_target(name, common, {
            "insecure_hosts": insecure_hosts,
            "registry": registry,
            "remote_tags": remote_tags or [version],
            "repository": repository,
            "stamp": kwargs.get("stamp"),
        })
    if wants_short_names(native.package_name(), name, short_names):
        short_aliases("wasmcloud_interface", name, common, groups, runs)
