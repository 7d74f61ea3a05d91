"""Build settings that rules read."""

StampInfo = provider(
    doc = "Whether this build is stamped.",
    fields = {"stamped": "bool: what --stamp says."},
)

def _stamp_flag_impl(ctx):
    return [StampInfo(stamped = ctx.attr.stamped)]

stamp_flag = rule(
    doc = "Carries --stamp, which only a select can read, to rules.",
    implementation = _stamp_flag_impl,
    attrs = {"stamped": attr.bool(mandatory = True)},
)
