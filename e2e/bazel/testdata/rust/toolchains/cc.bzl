"""rules_rust asks for a C++ toolchain even where nothing is linked by one."""

def _impl(ctx):
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        toolchain_identifier = "none",
        host_system_name = "none",
        target_system_name = "none",
        target_cpu = "wasm32",
        target_libc = "none",
        compiler = "none",
        abi_version = "none",
        abi_libc_version = "none",
    )

no_cc_config = rule(implementation = _impl, provides = [CcToolchainConfigInfo])
