"""Choosing the one wasm file that a label yields, on the platform it is wanted for."""

def _platform_transition_impl(settings, attr):
    if not attr.platform:
        return {"//command_line_option:platforms": settings["//command_line_option:platforms"]}
    return {"//command_line_option:platforms": [str(attr.platform)]}

platform_transition = transition(
    implementation = _platform_transition_impl,
    inputs = ["//command_line_option:platforms"],
    outputs = ["//command_line_option:platforms"],
)

# For rules with a `src`; go_binary has goos and goarch of its own and needs no platform.
SRC_ATTRS = {
    "platform": attr.label(doc = "Platform to build src for, such as one of wasm32 for Rust. Without it src is built as if named on the command line."),
    "src": attr.label(doc = "A label that yields exactly one .wasm file: a file, a genrule, go_binary, rust_shared_library and so on.", mandatory = True, cfg = platform_transition, allow_files = True),
    "_allowlist_function_transition": attr.label(default = "@bazel_tools//tools/allowlists/function_transition_allowlist"),
}

def one_wasm(ctx):
    """Gives the .wasm file of the attribute src.

    Args:
      ctx: of a rule with SRC_ATTRS.

    Returns:
      A File. Anything but exactly one is an error with a cure.
    """
    src = ctx.attr.src[0] if type(ctx.attr.src) == "list" else ctx.attr.src
    files = src[DefaultInfo].files.to_list()
    wasm = [f for f in files if f.extension == "wasm"]
    if len(wasm) == 1:
        return wasm[0]
    if wasm:
        fail("%s: src = %s yields several .wasm files: %s. Name one of them: by its own label, or by a filegroup." %
             (ctx.label, src.label, ", ".join([f.short_path for f in wasm])))
    fail(("%s: src = %s yields no .wasm file but %s. If it is a go_binary, give it goos = \"wasip1\", goarch = \"wasm\", linkmode = \"c-shared\" " +
          "and out = \"NAME.wasm\"; if it follows the platform, set `platform` here to one of wasm32.") %
         (ctx.label, src.label, ", ".join([f.short_path for f in files]) or "nothing"))
