"""Choosing the executables of a provider, one for each target that hosts run on."""

# What hosts call themselves, and the platform of rules_go that makes it.
GO_PLATFORMS = {
    "aarch64-linux": Label("@io_bazel_rules_go//go/toolchain:linux_arm64"),
    "aarch64-macos": Label("@io_bazel_rules_go//go/toolchain:darwin_arm64"),
    "arm-linux": Label("@io_bazel_rules_go//go/toolchain:linux_arm"),
    "x86_64-linux": Label("@io_bazel_rules_go//go/toolchain:linux_amd64"),
    "x86_64-macos": Label("@io_bazel_rules_go//go/toolchain:darwin_amd64"),
    "x86_64-windows": Label("@io_bazel_rules_go//go/toolchain:windows_amd64"),
}

# The targets that a Go provider is built for at most, which are those of `make par-full`.
ALL_TARGETS = sorted(GO_PLATFORMS)

_OS = {"linux": "linux", "macos": "macos", "windows": "windows"}
_CPU = {"aarch64": "aarch64", "armv7": "arm", "arm": "arm", "x86_64": "x86_64"}

# The key of a transition that changes nothing.
_HERE = "here"

def _platforms(targets, platforms):
    """Target to platform; a target without one has rules_go's."""
    chosen = {target: str(platform) for platform, target in platforms.items()}
    for target in targets:
        if target not in chosen and target in GO_PLATFORMS:
            chosen[target] = str(GO_PLATFORMS[target])
    return chosen

def _split_impl(settings, attr):
    chosen = _platforms(attr.targets, attr.platforms)
    if not chosen:
        return {_HERE: {"//command_line_option:platforms": settings["//command_line_option:platforms"]}}
    return {target: {"//command_line_option:platforms": [platform]} for target, platform in chosen.items()}

_split = transition(
    implementation = _split_impl,
    inputs = ["//command_line_option:platforms"],
    outputs = ["//command_line_option:platforms"],
)

# For rules that pack executables.
BINARY_ATTRS = {
    "binaries": attr.label_keyed_string_dict(doc = "Executables that are built as they are, and the target of each: {\":kv_arm\": \"arm-linux\"}. In place of `binary` or beside it.", allow_files = True),
    "binary": attr.label(doc = "The provider's executable, which is built for each of `targets`.", cfg = _split, allow_files = True),
    "platforms": attr.label_keyed_string_dict(doc = "Platforms to build `binary` for, and the target of each: {\"//platforms:arm\": \"arm-linux\"}. Needed where rules_go's platforms will not do, as for Rust."),
    "targets": attr.string_list(doc = "What hosts `binary` is for: x86_64-linux, aarch64-macos and so on. ALL_TARGETS is all that rules_go has platforms for. Default: the platform that is built for."),
    "_allowlist_function_transition": attr.label(default = "@bazel_tools//tools/allowlists/function_transition_allowlist"),
    "_cpus": attr.label_list(default = ["@platforms//cpu:" + cpu for cpu in _CPU]),
    "_systems": attr.label_list(default = ["@platforms//os:" + system for system in _OS]),
}

def _matching(ctx, constraints, names):
    for constraint in constraints:
        if ctx.target_platform_has_constraint(constraint[platform_common.ConstraintValueInfo]):
            return names[constraint.label.name]
    return None

def _here(ctx):
    cpu, system = _matching(ctx, ctx.attr._cpus, _CPU), _matching(ctx, ctx.attr._systems, _OS)
    if not cpu or not system:
        fail("%s: no host runs on the platform that is built for. Say what the executable is for: targets = [\"x86_64-linux\"], or ALL_TARGETS." % ctx.label)
    return cpu + "-" + system

def _executable(ctx, target):
    """The one file of a target: what it runs, else what it makes."""
    run = target[DefaultInfo].files_to_run
    if run and run.executable:
        return run.executable
    files = target[DefaultInfo].files.to_list()
    if len(files) == 1:
        return files[0]
    fail("%s: %s yields %s; an executable is wanted, or one file." % (ctx.label, target.label, ", ".join([f.short_path for f in files]) or "nothing"))

def executables(ctx):
    """Gives the executables of a provider.

    Args:
      ctx: of a rule with BINARY_ATTRS.

    Returns:
      A dict of target to File, sorted. None at all, an unknown target and two for one target are errors.
    """
    for target in ctx.attr.targets:
        if target not in GO_PLATFORMS and target not in ctx.attr.platforms.values():
            fail("%s: %r is no target that is known here: want %s, or a platform for it in `platforms`." % (ctx.label, target, ", ".join(ALL_TARGETS)))
    built = ctx.split_attr.binary.items() if ctx.attr.binary else []
    given = [(_here(ctx) if target == _HERE else target, binary) for target, binary in built]
    given += [(target, binary) for binary, target in ctx.attr.binaries.items()]
    found = {}
    for target, binary in given:
        if target in found:
            fail("%s: two executables for %s: a host runs one." % (ctx.label, target))
        found[target] = _executable(ctx, binary)
    if not found:
        fail("%s has no executable: name one by `binary`, or one for each target by `binaries`." % ctx.label)
    return {target: found[target] for target in sorted(found)}
