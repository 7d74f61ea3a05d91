"""Interfaces: what each action reads, what the verdicts are for, and what those get that use one."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//rules:providers.bzl", "WasmcloudArtifactInfo", "WasmcloudInterfaceInfo")
load("//rules:push.bzl", "wasmcloud_push")
load(":subjects.bzl", "fails_with", "only", "ran")

def _flags(action, flag):
    """The values of a flag, as file names; what precedes a = stays."""
    out = []
    for i, word in enumerate(action.argv):
        if word == flag:
            value = action.argv[i + 1]
            name, is_pair, path = value.partition("=")
            out.append(name + "=" + path.split("/")[-1] if is_pair else value.split("/")[-1])
    return out

# What every action reads is the models, its own and those that it uses, and nothing else: no codegen.toml, no key.
def _reads_impl(ctx):
    env = analysistest.begin(ctx)
    name = analysistest.target_under_test(env).label.name
    models = sorted(ctx.attr.own + ctx.attr.used)
    asserts.equals(env, {
        "WasmcloudBundle": models,
        "WasmcloudGenerate": models,
        "WasmcloudLayout": sorted([name + ".config.json", name + ".manifest.json", name + ".tar"]),
        "WasmcloudLint": models,
        "WasmcloudManifest": sorted([name + ".annotations.json", name + ".layer.json"]),
        "WasmcloudValidate": models,
    }, ran(env))
    for mnemonic in ["WasmcloudLint", "WasmcloudValidate", "WasmcloudGenerate"]:
        action = only(env, mnemonic)
        asserts.equals(env, ctx.attr.own, _flags(action, "--model"), mnemonic + " takes these for the interface's own")
        asserts.equals(env, sorted(ctx.attr.used), sorted(_flags(action, "--uses")), mnemonic + " takes these for other interfaces'")
    asserts.equals(env, sorted(ctx.attr.packed), sorted(_flags(only(env, "WasmcloudBundle"), "--file")))
    return analysistest.end(env)

interface_reads_test = analysistest.make(_reads_impl, attrs = {
    "own": attr.string_list(),
    "packed": attr.string_list(doc = "NAME=FILE of what is published."),
    "used": attr.string_list(),
})

def _basenames(files):
    return sorted([f.basename for f in files.to_list()])

# Lint and validate are validation actions: their outputs are in the group _validation and nowhere else, so they are
# made by every build of what uses the interface, and nothing waits for them.
def _outputs_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    name, groups = target.label.name, target[OutputGroupInfo]
    asserts.equals(env, [name + ".go"], _basenames(target[DefaultInfo].files), "the code alone is what the target makes")
    for group, files in {
        "bundle": [".tar"],
        "digest": [".digest"],
        "manifest": [".config.json", ".manifest.json"],
        "oci_layout": [".oci"],
        "tests": ["_test.go"],
    }.items():
        asserts.equals(env, [name + f for f in files], _basenames(groups[group]), "output group " + group)

    # Bazel adds the verdicts on what is used: who builds the mall hears of money.
    verdicts = [m.removesuffix(".smithy") + v for m in ctx.attr.all for v in [".lint", ".valid"]]
    asserts.equals(env, sorted(verdicts), _basenames(groups._validation))
    for mnemonic in ["WasmcloudLint", "WasmcloudValidate"]:
        outputs = only(env, mnemonic).outputs.to_list()
        asserts.equals(env, 1, len(outputs))
        asserts.true(env, outputs[0] in groups._validation.to_list(), mnemonic + " is no validation action")
        for action in analysistest.target_actions(env):
            asserts.false(env, outputs[0] in action.inputs.to_list(), "%s waits for %s" % (action.mnemonic, mnemonic))
    asserts.equals(env, ctx.attr.own, _basenames(groups.models))
    asserts.equals(env, ctx.attr.own, _basenames(target[WasmcloudInterfaceInfo].models))
    asserts.equals(env, ctx.attr.all, _basenames(target[WasmcloudInterfaceInfo].transitive_models))
    artifact = target[WasmcloudArtifactInfo]
    asserts.equals(env, "interface", artifact.kind)
    asserts.equals(env, name + "-interface", artifact.name)
    asserts.equals(env, groups.bundle.to_list(), [artifact.file])
    asserts.equals(env, groups.digest.to_list(), [artifact.digest])
    asserts.equals(env, {}, artifact.unsigned)
    return analysistest.end(env)

interface_outputs_test = analysistest.make(_outputs_impl, attrs = {
    "all": attr.string_list(),
    "own": attr.string_list(),
})

def _flags_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.equals(env, ["MissingDocs", "PackageMetadata"], _flags(only(env, "WasmcloudLint"), "--disable"))
    asserts.true(env, "--bare-messages" in only(env, "WasmcloudValidate").argv)
    asserts.equals(env, ["money"], _flags(only(env, "WasmcloudGenerate"), "--package"))
    asserts.equals(env, ["org.example.money"], _flags(only(env, "WasmcloudGenerate"), "--namespace"))
    return analysistest.end(env)

interface_flags_test = analysistest.make(_flags_impl)

def _no_flags_impl(ctx):
    env = analysistest.begin(ctx)
    for mnemonic in ["WasmcloudLint", "WasmcloudValidate", "WasmcloudGenerate"]:
        for flag in ["--disable", "--bare-messages", "--package", "--namespace"]:
            asserts.false(env, flag in only(env, mnemonic).argv, "%s gets %s unasked" % (mnemonic, flag))
    return analysistest.end(env)

interface_no_flags_test = analysistest.make(_no_flags_impl)

_untagged_test = fails_with("an interface has no claims that a tag could come from: name a version by remote_tags.")

def interface_failure_tests(name, untagged):
    """Makes the tests of interfaces that cannot be.

    Args:
      name: what their names begin with.
      untagged: an interface.
    """
    wasmcloud_push(
        name = name + "_untagged.bad",
        testonly = True,
        artifact = untagged,
        tags = ["manual"],
    )
    _untagged_test(
        name = name + "_untagged_test",
        target_under_test = name + "_untagged.bad",
    )

def interface_problems(with_version, without):
    """Looks at what the macro made in this package.

    Args:
      with_version: the name of an interface with a version, short names, visibility public, testonly, and the tag "mine".
      without: that of one without a version and short names.

    Returns:
      A list of sentences, empty if all is well.
    """
    wrong, rules = [], native.existing_rules()
    short = ["tests", "bundle", "digest", "push"]
    for name in [with_version] + [with_version + "." + s for s in short] + short:
        rule = rules.get(name)
        if not rule:
            wrong.append("there is no %s" % name)
            continue
        if "//visibility:public" not in [str(v) for v in rule["visibility"]] or not rule["testonly"] or "mine" not in rule["tags"]:
            wrong.append("%s has not what was given" % name)
        if ("manual" in rule["tags"]) != name.endswith("push"):
            wrong.append("%s has the tags %s: what `bazel run` runs is manual, and nothing else" % (name, rule["tags"]))
    made = sorted([name for name in rules if name.startswith(without + ".")])
    if made != [without + "." + s for s in ["bundle", "digest", "tests"]]:
        wrong.append("%s made %s" % (without, made))
    if rules[with_version + ".push"]["remote_tags"] != ("0.1.0",):
        wrong.append("%s.push pushes %s" % (with_version, rules[with_version + ".push"]["remote_tags"]))
    return wrong
