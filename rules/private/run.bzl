"""Executable targets without a shell: a Go program, and beside it what it is to do.

The executable is a symbolic link to the program, NAME; NAME.spec.json lies beside it. Paths in it are
rlocation paths, which hold wherever the runfiles are.
"""

load(":action.bzl", "write_json")

def rlocation(ctx, file):
    """Gives the path by which a program finds a file among its runfiles.

    Args:
      ctx: the rule's.
      file: a File.

    Returns:
      A string such as _main/actor/echo_s.wasm.
    """
    if file.short_path.startswith("../"):
        return file.short_path[3:]
    return ctx.workspace_name + "/" + file.short_path

def runnable(ctx, program, spec, files, stamper = None):
    """Makes an executable target.

    Args:
      ctx: the rule's.
      program: the attribute's name that holds the Go program.
      spec: a dict, written as JSON.
      files: Files that the spec names.
      stamper: the tool signer, if texts in the spec hold {KEY} of the workspace status; else None.

    Returns:
      A DefaultInfo.
    """
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = executable, target_file = getattr(ctx.executable, program), is_executable = True)
    spec_file = write_json(ctx, ctx.label.name + ".spec.json", spec, stamper)
    runfiles = ctx.runfiles(files + [spec_file]).merge(getattr(ctx.attr, program)[DefaultInfo].default_runfiles)
    return DefaultInfo(executable = executable, files = depset([executable, spec_file]), runfiles = runfiles)
