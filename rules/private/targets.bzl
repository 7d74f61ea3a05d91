"""What an actor and a provider have in common: the targets that go with a signed artifact, and their short names."""

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

def _aliases(macro, name, common):
    for short in ["signed"] + _GROUPS + _RUNS:
        if short == name:
            continue
        if native.existing_rule(short):
            fail(("%s(name = %r): there is a target %r already, which is also a short name of this package's main one. Rename that one, " +
                  "or set short_names = False and use %s.%s.") % (macro, name, short, name, short))
        native.alias(
            name = short,
            actual = ":" + (name if short == "signed" else name + "." + short),
            **(common | {"tags": common["tags"] + ([_MANUAL] if short in _RUNS else [])})
        )

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
    for group in _GROUPS:
        native.filegroup(
            name = name + "." + group,
            srcs = [":" + name],
            output_group = group,
            **common
        )
    manual = common | {"tags": common["tags"] + [_MANUAL]}
    wasmcloud_push(
        name = name + ".push",
        artifact = ":" + name,
        **(manual | {k: v for k, v in push.items() if v != None})
    )
    wasmcloud_inspect(
        name = name + ".inspect",
        artifact = ":" + name,
        **manual
    )
    wasmcloud_host(
        name = name + ".host",
        **(manual | {host: [":" + name]})
    )
    if wants_short_names(native.package_name(), name, short_names):
        _aliases(macro, name, common)
