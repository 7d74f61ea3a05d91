"""For WORKSPACE, on Bazel 7. Declare rules_go and gazelle (docs/bazel.md has a whole file), then:

    load("@rules_wasmcloud//rules:repositories.bzl", "rules_wasmcloud_dependencies", "rules_wasmcloud_register_toolchains")

    rules_wasmcloud_dependencies()  # before go_rules_dependencies(), whose Go modules are older

    rules_wasmcloud_register_toolchains()
"""

load("//rules/private:go_repositories.bzl", "go_repositories")
load("//rules/private:pull.bzl", _wasmcloud_pull = "wasmcloud_pull")

wasmcloud_pull = _wasmcloud_pull

# buildifier: disable=unnamed-macro
def rules_wasmcloud_dependencies():
    """Declares the Go modules that the tools are built of, unless they are declared already."""
    go_repositories()

# buildifier: disable=unnamed-macro
def rules_wasmcloud_register_toolchains():
    """Registers the tools, which are built from source."""
    native.register_toolchains(str(Label("//rules/toolchain:from_source")))
