"""How actions run the tools, and where they may."""

load(":toolchain.bzl", "TOOLCHAIN_TYPE")

# A function of small declared inputs: any machine may run it, under any path.
PORTABLE = {"supports-path-mapping": ""}

# Where the seed is; what it makes may be cached anywhere, it depends on the public key.
WITH_SEED = {"block-network": "", "no-remote-exec": ""}

# Another time gives other bytes: a cache would hand out what is about to expire.
UNCACHED = {"no-cache": ""}

# A verdict may not come out of the cache that it is about.
VERDICT = {"block-network": "", "no-cache": "", "no-remote-exec": ""}

# The status of this build is this machine's to read, and what says where a push goes is no cache's to say.
_STATUS = {"no-cache": "", "no-remote-exec": ""}

def run_tool(ctx, what, tool, verb, arguments, inputs, outputs, progress, requirements = PORTABLE):
    """Declares an action that runs one command of a tool.

    Its environment is empty and it has no shell: a command names every file that it touches.

    Args:
      ctx: the rule's.
      what: the mnemonic, without Wasmcloud.
      tool: the tool's FilesToRunProvider, of the toolchain.
      verb: list of the command's words, and Files that it takes without a flag.
      arguments: list of (flag, value) and (flag, value, format). Files are given as Files, so that Bazel can map their paths.
      inputs: Files that it reads.
      outputs: Files that it makes.
      progress: the message, to which the label is added.
      requirements: one of those above.
    """
    args = ctx.actions.args()
    args.add_all(verb)
    for argument in arguments:
        args.add_all(argument[0], [argument[1]], format_each = argument[2] if len(argument) > 2 else "%s", expand_directories = False)
    ctx.actions.run(
        executable = tool,
        arguments = [args],
        inputs = inputs,
        outputs = outputs,
        mnemonic = "Wasmcloud" + what,
        progress_message = progress + " %{label}",
        execution_requirements = requirements,
        toolchain = TOOLCHAIN_TYPE,
    )

def write_json(ctx, name, content, stamper = None):
    """Declares a JSON file.

    Args:
      ctx: the rule's.
      name: the file's name.
      content: what is in it.
      stamper: the tool signer, if texts in it hold {KEY} of the workspace status; None if no brace means anything.

    Returns:
      The File.
    """
    out = ctx.actions.declare_file(name)
    template = ctx.actions.declare_file(name.removesuffix(".json") + ".template.json") if stamper else out
    ctx.actions.write(template, json.encode_indent(content, indent = "  ") + "\n")
    if stamper:
        status = [ctx.info_file, ctx.version_file]
        flags = [("--in", template), ("--out", out)] + [("--status", f) for f in status]
        run_tool(ctx, "Stamp", stamper, ["action", "expand"], flags, [template] + status, [out], "Stamping", _STATUS)
    return out
