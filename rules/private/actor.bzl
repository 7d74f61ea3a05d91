"""wasmcloud_actor: the targets of an actor."""

load(":fix.bzl", "wasmcloud_fix")
load(":host.bzl", "wasmcloud_host")
load(":push.bzl", "wasmcloud_inspect", "wasmcloud_push")
load(":sign.bzl", "wasmcloud_sign")

_GROUPS = ["unsigned", "claims", "digest"]
_RUNS = ["push", "inspect", "host"]

# `bazel build //...` need not link a host for every actor; who names the target gets it.
_MANUAL = "manual"

def _aliases(name, wanted, common):
    """Makes the names signed, push and so on, which the package's main actor has."""
    if wanted == None:
        wanted = native.package_name().split("/")[-1] == name
    if not wanted:
        return
    for short in ["signed"] + _GROUPS + _RUNS:
        if short == name:
            continue
        if native.existing_rule(short):
            fail(("wasmcloud_actor(name = %r): there is a target %r already, which is also a short name of this package's main actor. Rename that one, " +
                  "or set short_names = False and use %s.%s.") % (name, short, name, short))
        native.alias(
            name = short,
            actual = ":" + (name if short == "signed" else name + "." + short),
            **(common | {"tags": common["tags"] + ([_MANUAL] if short in _RUNS else [])})
        )

def wasmcloud_actor(
        name,
        src,
        version = None,
        fix = False,
        registry = None,
        repository = None,
        remote_tags = None,
        insecure_hosts = None,
        short_names = None,
        visibility = None,
        testonly = None,
        tags = [],
        **kwargs):
    """Signs a wasm file and makes the targets that go with an actor.

    It compiles nothing: src is any label that yields one .wasm file. It makes NAME (the signed file,
    NAME_s.wasm), NAME.unsigned, NAME.claims, NAME.digest, and for `bazel run` NAME.push, NAME.inspect and
    NAME.host. In a package whose last part is NAME, such as //actor:actor, the short names signed, unsigned,
    claims, digest, push, inspect and host are there too.

    Args:
      name: the target's name, and the name in the claims unless claim_name is set.
      src: a label that yields one .wasm file.
      version: the version in the claims, and the tag that is pushed. Required.
      fix: pass src through wasmcloud_fix first: for what Go compiles.
      registry: host to push to; default //rules/settings:registry.
      repository: repository to push to; default the name in the claims.
      remote_tags: tags to push; default the version.
      insecure_hosts: registries to speak plain HTTP to.
      short_names: True or False to make or leave out the short names; None as said above.
      visibility: of all targets.
      testonly: of all targets.
      tags: Bazel's, of all targets. Tags in the claims are custom_tags.
      **kwargs: caps, claim_name, revision, call_alias, keys, jwt, subject, custom_tags, expires, not_before,
        annotations, stamp, stamped, legacy, provider, platform: see wasmcloud_sign.
    """
    common = {"tags": tags, "testonly": testonly, "visibility": visibility}
    if fix:
        wasmcloud_fix(
            name = name + ".fixed",
            src = src,
            caps = kwargs.get("caps"),
            platform = kwargs.pop("platform", None),
            **common
        )
        src = ":" + name + ".fixed"
    wasmcloud_sign(
        name = name,
        src = src,
        version = version or "",
        **(common | kwargs)
    )
    for group in _GROUPS:
        native.filegroup(
            name = name + "." + group,
            srcs = [":" + name],
            output_group = group,
            **common
        )
    manual = common | {"tags": tags + [_MANUAL]}
    wasmcloud_push(
        name = name + ".push",
        artifact = ":" + name,
        registry = registry or "",
        repository = repository or "",
        remote_tags = remote_tags or [],
        insecure_hosts = insecure_hosts or [],
        **manual
    )
    wasmcloud_inspect(
        name = name + ".inspect",
        artifact = ":" + name,
        **manual
    )
    wasmcloud_host(
        name = name + ".host",
        actors = [":" + name],
        **manual
    )
    _aliases(name, short_names, common)
