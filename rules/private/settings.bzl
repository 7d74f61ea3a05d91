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

# For rules that may use values of the workspace status.
STAMP_ATTRS = {
    "stamp": attr.int(doc = "Whether values of the workspace status are used: 1 always, 0 never, -1 as --stamp says.", default = -1, values = [-1, 0, 1]),
    "_stamp": attr.label(default = "//rules/settings:stamp"),
}

def is_stamped(ctx):
    """Tells whether a target uses values of the workspace status.

    Args:
      ctx: of a rule with STAMP_ATTRS.

    Returns:
      True or False.
    """
    return ctx.attr.stamp == 1 or (ctx.attr.stamp == -1 and ctx.attr._stamp[StampInfo].stamped)

def stamped_texts(ctx, texts):
    """Leaves the texts out that are for stamped builds, unless this is one.

    Args:
      ctx: of a rule with STAMP_ATTRS.
      texts: list of strings.

    Returns:
      The list, and whether {KEY} of the workspace status are in it.
    """
    stamped = [text for text in texts if has_placeholder(text)]
    if is_stamped(ctx):
        return texts, bool(stamped)
    return [text for text in texts if text not in stamped], False

def has_placeholder(text):
    """Tells whether a text holds a {KEY} of the workspace status.

    Args:
      text: a string.

    Returns:
      True for "v{STABLE_VERSION}"; False for "{}" and "{\"a\": 1}".
    """
    for part in text.split("{")[1:]:
        key, brace, _ = part.partition("}")
        word = key.replace("_", "a")
        if brace and word.isalnum() and not word[0].isdigit():
            return True
    return False
