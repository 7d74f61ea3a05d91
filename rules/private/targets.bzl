"""What actors, providers and interfaces have in common: the targets that go with what is pushed, and their short names."""

load(":host.bzl", "wasmcloud_host")
load(":push.bzl", "wasmcloud_inspect", "wasmcloud_push")

# Output groups that get a target of their own.
_GROUPS = ["unsigned", "claims", "digest"]
_RUNS = ["push", "inspect", "host"]

# `bazel build //...` need not link a host for every artifact; who names the target gets it.
_MANUAL = "manual"

def wants_short_names(package, name, wanted):
    """Tells whether a target is its package's main one.

    Args:
      package: the package's path.
      name: the target's name.
      wanted: what the user says: True, False, or None for "if the name is the package's last part".

    Returns:
      True or False. The root package has no last part.
    """
    if wanted == None:
        return package.split("/")[-1] == name
    return wanted

def short_aliases(macro, name, common, targets, runs):
    """Makes the short names of a package's main target.

    Args:
      macro: the macro's name, for errors.
      name: the main target.
      common: dict of visibility, testonly and tags.
      targets: what is built: the short name of NAME.TARGET is TARGET; "signed" is NAME.
      runs: what `bazel run` runs, likewise.
    """
    for short in targets + runs:
        if short == name:
            continue
        if native.existing_rule(short):
            fail(("%s(name = %r): there is a target %r already, which is also a short name of this package's main one. Rename that one, " +
                  "or set short_names = False and use %s.%s.") % (macro, name, short, name, short))
        native.alias(
            name = short,
            actual = ":" + (name if short == "signed" else name + "." + short),
            **(common | {"tags": common["tags"] + ([_MANUAL] if short in runs else [])})
        )

def group_targets(name, common, groups):
    """Makes a target NAME.GROUP for each of some output groups.

    Args:
      name: the target that has them.
      common: dict of visibility, testonly and tags.
      groups: the output groups.
    """
    for group in groups:
        native.filegroup(
            name = name + "." + group,
            srcs = [":" + name],
            output_group = group,
            **common
        )

def push_target(name, common, push):
    """Makes NAME.push.

    Args:
      name: the artifact's target.
      common: dict of visibility, testonly and tags.
      push: dict of wasmcloud_push's attributes; None is left out.
    """
    wasmcloud_push(
        name = name + ".push",
        artifact = ":" + name,
        **(_manual(common) | {k: v for k, v in push.items() if v != None})
    )

def _manual(common):
    return common | {"tags": common["tags"] + [_MANUAL]}

def artifact_targets(macro, name, short_names, common, push, host):
    """Makes the targets beside a signed artifact.

    Args:
      macro: the macro's name, for errors.
      name: the artifact's target.
      short_names: as of the macro.
      common: dict of visibility, testonly and tags.
      push: dict of wasmcloud_push's attributes; None is left out.
      host: the attribute of wasmcloud_host that takes the artifact.
    """
    group_targets(name, common, _GROUPS)
    push_target(name, common, push)
    wasmcloud_inspect(
        name = name + ".inspect",
        artifact = ":" + name,
        **_manual(common)
    )
    wasmcloud_host(
        name = name + ".host",
        **(_manual(common) | {host: [":" + name]})
    )
    if wants_short_names(native.package_name(), name, short_names):
        short_aliases(macro, name, common, ["signed"] + _GROUPS, _RUNS)
