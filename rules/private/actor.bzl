"""wasmcloud_actor: the targets of an actor."""

load(":fix.bzl", "wasmcloud_fix")
load(":sign.bzl", "wasmcloud_sign")
load(":targets.bzl", "artifact_targets")

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
      remote_tags: tags to push; default the version. {KEY} of the workspace status is for stamped builds: see wasmcloud_push.
      insecure_hosts: registries to speak plain HTTP to.
      short_names: True or False to make or leave out the short names; None as said above.
      visibility: of all targets.
      testonly: of all targets.
      tags: Bazel's, of all targets. Tags in the claims are custom_tags.
      **kwargs: caps, claim_name, revision, call_alias, keys, jwt, subject, custom_tags, expires, expires_in,
        not_before, annotations, stamp, stamped, legacy, provider, platform: see wasmcloud_sign.
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
    artifact_targets(
        macro = "wasmcloud_actor",
        name = name,
        short_names = short_names,
        common = common,
        push = {
            "insecure_hosts": insecure_hosts,
            "registry": registry,
            "remote_tags": remote_tags,
            "repository": repository,
            "stamp": kwargs.get("stamp"),
        },
        host = "actors",
    )
