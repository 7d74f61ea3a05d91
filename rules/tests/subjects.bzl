"""What the tests look at: targets of small files, and the actions of a target."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")

# Not the development account: how a release is signed.
RELEASE_ACCOUNT = "ACFIRY65OQE7DFP5KLNS2PF2LVZMUZYJX4OZIEQ36N2IQANUB5XVYYOU"

# What actions run; Bazel counts it among their inputs.
TOOLS = ["signer", "ocipush", "parpack", "smithy", "wasmfix"]

SETTINGS = str(Label("//rules/settings:BUILD.bazel")).removesuffix("BUILD.bazel")

def _yields_impl(ctx):
    files = [ctx.actions.declare_file(f) for f in ctx.attr.files]
    for f in files:
        ctx.actions.write(f, "\000asm\001\000\000\000" if f.extension == "wasm" else f.basename)
    return [DefaultInfo(files = depset(files))]

yields = rule(
    doc = "Makes files that hold their names; modules are valid and empty.",
    implementation = _yields_impl,
    attrs = {"files": attr.string_list()},
)

def only(env, mnemonic):
    """Gives the one action of the target under test with a mnemonic.

    Args:
      env: of analysistest.begin.
      mnemonic: the whole mnemonic.

    Returns:
      An Action; the test fails if there are none or several.
    """
    found = [a for a in analysistest.target_actions(env) if a.mnemonic == mnemonic]
    asserts.equals(env, 1, len(found), "actions with the mnemonic " + mnemonic)
    return found[0]

def inputs(action):
    """Gives the names of what an action reads, without its tool, sorted.

    Args:
      action: an Action.

    Returns:
      A list of strings.
    """
    return sorted([f.basename for f in action.inputs.to_list() if f.basename not in TOOLS and not f.basename.endswith("runfiles")])

def ran(env):
    """Gives what the target under test runs, and holds each action to what all are held to.

    Args:
      env: of analysistest.begin.

    Returns:
      A dict of mnemonic to the sorted names of what actions with it read, without their tool.
    """
    seen = {}
    for action in analysistest.target_actions(env):
        # Files that rules write themselves, and links, run nothing.
        if action.mnemonic in ["FileWrite", "Symlink"]:
            continue
        seen[action.mnemonic] = sorted(seen.get(action.mnemonic, []) + inputs(action))
        asserts.equals(env, {}, action.env, action.mnemonic + " has an environment")
        asserts.true(env, action.argv[0].split("/")[-1] in TOOLS, "%s runs %s" % (action.mnemonic, action.argv[0]))
        for word in action.argv:
            asserts.false(env, word.startswith("S") and len(word) == 58, "%s has a seed in its arguments" % action.mnemonic)
    return seen

def fails_with(what, config_settings = {}):
    """Makes a test of a target that cannot be analysed.

    Args:
      what: words of the message.
      config_settings: as of analysistest.make.

    Returns:
      A rule.
    """

    def impl(ctx):
        env = analysistest.begin(ctx)
        asserts.expect_failure(env, what)
        return analysistest.end(env)

    return analysistest.make(impl, expect_failure = True, config_settings = config_settings)
