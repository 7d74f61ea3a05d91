"""wasmcloud_provider: the targets of a provider."""

load(":par.bzl", "wasmcloud_par")
load(":targets.bzl", "artifact_targets")

def wasmcloud_provider(
        name,
        capid,
        vendor,
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
    """Packs and signs a provider, and makes the targets that go with it.

    It compiles nothing: binary is any label that yields an executable. It makes NAME (the signed archive,
    NAME.par.gz), NAME.unsigned (the executables), NAME.claims, NAME.digest, and for `bazel run` NAME.push,
    NAME.inspect and NAME.host. In a package whose last part is NAME, such as //provider:provider, the short
    names signed, unsigned, claims, digest, push, inspect and host are there too.

    Args:
      name: the target's name, and the name in the claims unless claim_name is set.
      capid: contract id that it provides, such as wasmcloud:keyvalue.
      vendor: who makes it, for people.
      version: the version in the claims, and the tag that is pushed. Required.
      registry: host to push to; default //rules/settings:registry.
      repository: repository to push to; default the name in the claims.
      remote_tags: tags to push; default the version. {KEY} of the workspace status is for stamped builds: see wasmcloud_push.
      insecure_hosts: registries to speak plain HTTP to.
      short_names: True or False to make or leave out the short names; None as said above.
      visibility: of all targets.
      testonly: of all targets.
      tags: Bazel's, of all targets.
      **kwargs: binary, targets, platforms, binaries, claim_name, revision, schema, compress, keys, jwt, subject,
        expires, expires_in, not_before, annotations, stamp, stamped: see wasmcloud_par.
    """
    common = {"tags": tags, "testonly": testonly, "visibility": visibility}
    wasmcloud_par(
        name = name,
        capid = capid,
        vendor = vendor,
        version = version or "",
        **(common | kwargs)
    )
    artifact_targets(
        macro = "wasmcloud_provider",
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
        host = "providers",
    )
