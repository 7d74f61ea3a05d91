"""The module extension: artifacts of registries, for tests and hosts.

    wasmcloud = use_extension("@rules_wasmcloud//rules:extensions.bzl", "wasmcloud")
    wasmcloud.pull(name = "echo", registry = "ghcr.io", repository = "me/echo", digest = "sha256:…")
    use_repo(wasmcloud, "echo")

There are no tags for keys: what an extension reads is written to MODULE.bazel.lock.
"""

load("//rules/private:pull.bzl", "PULL_ATTRS", "wasmcloud_pull")

_pull = tag_class(
    doc = "A signed artifact, @NAME//:NAME.",
    attrs = PULL_ATTRS | {"name": attr.string(doc = "Name of the repository.", mandatory = True)},
)

def _wasmcloud_impl(mctx):
    pulled = {}
    for module in mctx.modules:
        for tag in module.tags.pull:
            what = (tag.registry, tag.repository, tag.digest)
            if pulled.get(tag.name, what) != what:
                fail("Two modules pull different artifacts as %r: %s/%s@%s and %s/%s@%s. Rename one of them." %
                     ((tag.name,) + pulled[tag.name] + what))
            if tag.name not in pulled:
                wasmcloud_pull(
                    name = tag.name,
                    digest = tag.digest,
                    insecure_hosts = tag.insecure_hosts,
                    registry = tag.registry,
                    repository = tag.repository,
                    target = tag.name,
                )
            pulled[tag.name] = what

    # Everything is pinned by digest: nothing has to be remembered in the lock file.
    return mctx.extension_metadata(reproducible = True)

wasmcloud = module_extension(
    doc = "Fetches artifacts from registries, pinned by digest.",
    implementation = _wasmcloud_impl,
    tag_classes = {"pull": _pull},
)
