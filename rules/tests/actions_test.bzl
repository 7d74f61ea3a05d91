"""The actions of a signed artifact: what each reads, where it may run, and what is in it."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//rules:providers.bzl", "WasmcloudArtifactInfo", "WasmcloudClaimsInfo")
load("//rules/private:keys.bzl", "DEVELOPMENT_ACCOUNT")
load(":subjects.bzl", "SETTINGS", "only", "ran")

# Of every kind of artifact: mnemonic to what the action reads beside its tool. NAME stands for the target's name.
_COMMON = {
    "WasmcloudLayout": ["NAME.config.json", "NAME.manifest.json", "FILE"],
    "WasmcloudManifest": ["NAME.annotations.json", "NAME.layer.json"],
    "WasmcloudRequest": ["NAME.claims.json", "HASHES"],
    "WasmcloudSign": ["NAME.claims.json", "HASHES"],
    "WasmcloudVerify": ["NAME.claims.json", "HASHES", "NAME.jwt"],
}

# Output group to files.
_GROUPS = {
    "claims": ["NAME.claims.json"],
    "digest": ["NAME.digest"],
    "jwt": ["NAME.jwt"],
    "manifest": ["NAME.manifest.json", "NAME.config.json"],
    "oci_layout": ["NAME.oci"],
    "signing_request": ["NAME.request.json"],
    "_validation": ["NAME.verified"],
}

_KINDS = {
    "provider": {
        "file": "NAME.par.gz",
        "groups": {"unsigned": ["kv_arm", "kv_x86"]},
        "hashes": ["NAME.arm-linux.hash", "NAME.x86_64-linux.hash"],
        "own": {"WasmcloudHash": ["kv_arm", "kv_x86"], "WasmcloudPack": ["NAME.jwt", "kv_arm", "kv_x86"]},
    },
    "actor": {
        "file": "NAME_s.wasm",
        "hashes": ["NAME.hash"],
        "groups": {"unsigned": ["raw.wasm"]},
        "own": {"WasmcloudEmbed": ["NAME.jwt", "raw.wasm"], "WasmcloudHash": ["raw.wasm"]},
    },
}

def _expected(kind, name):
    """Mnemonic to sorted inputs, for one kind of artifact."""
    what = _KINDS[kind]
    all = {}
    for mnemonic, files in (_COMMON | what["own"]).items():
        files = [f for file in files for f in (what["hashes"] if file == "HASHES" else [what["file"] if file == "FILE" else file])]
        all[mnemonic] = sorted([f.replace("NAME", name) for f in files])
    return all

def _reads_impl(ctx):
    env = analysistest.begin(ctx)
    seen = ran(env)
    expected = _expected(ctx.attr.kind, analysistest.target_under_test(env).label.name)
    asserts.equals(env, sorted(expected), sorted(seen))
    for mnemonic, files in expected.items():
        asserts.equals(env, files, seen.get(mnemonic), mnemonic)
    return analysistest.end(env)

_KIND = {"kind": attr.string(values = _KINDS.keys())}

reads_test = analysistest.make(_reads_impl, attrs = _KIND)

def _claims(env):
    """The claims file's text, before stamping."""
    for action in analysistest.target_actions(env):
        if action.mnemonic == "FileWrite" and action.outputs.to_list()[0].basename.endswith(".claims.json"):
            return json.decode(action.content)
    return {}

def _providers_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    name, what = target.label.name, _KINDS[ctx.attr.kind]
    artifact, claims = target[WasmcloudArtifactInfo], target[WasmcloudClaimsInfo]
    asserts.equals(env, what["file"].replace("NAME", name), artifact.file.basename)
    asserts.equals(env, [artifact.file], target[DefaultInfo].files.to_list(), "the signed file alone is what the target makes")
    asserts.equals(env, ctx.attr.kind, artifact.kind)
    asserts.equals(env, what["groups"]["unsigned"], [f.basename for f in artifact.unsigned.values()])
    asserts.equals(env, [artifact.file], target[DefaultInfo].default_runfiles.files.to_list())
    asserts.equals(env, name + ".digest", artifact.digest.basename)
    asserts.equals(env, name + ".manifest.json", artifact.manifest.basename)
    asserts.equals(env, "Name of it", artifact.name)
    asserts.equals(env, [h.replace("NAME", name) for h in what["hashes"]], [h.basename for h in claims.hashes])
    asserts.equals(env, ctx.attr.account, claims.keys.account)
    asserts.equals(env, ctx.attr.account == DEVELOPMENT_ACCOUNT, claims.keys.development)
    asserts.equals(env, ctx.attr.stamped, claims.stamped)
    asserts.equals(env, ctx.attr.account, _claims(env)["account"])
    groups = target[OutputGroupInfo]
    for group, files in (_GROUPS | what["groups"]).items():
        asserts.equals(env, [f.replace("NAME", name) for f in files], [f.basename for f in groups[group].to_list()], "output group " + group)
    asserts.true(env, groups.oci_layout.to_list()[0].is_directory)
    return analysistest.end(env)

_PROVIDERS = _KIND | {"account": attr.string(default = DEVELOPMENT_ACCOUNT), "stamped": attr.bool()}

providers_test = analysistest.make(_providers_impl, attrs = _PROVIDERS)

# The same with a release's key: nothing more may be read, for the seed is found when the action runs.
_RELEASE = {
    SETTINGS + "deny_development_key": True,
    SETTINGS + "keys": str(Label(":release_keys")),
}
release_reads_test = analysistest.make(_reads_impl, attrs = _KIND, config_settings = _RELEASE)
release_providers_test = analysistest.make(_providers_impl, attrs = _PROVIDERS, config_settings = _RELEASE)

def _status(env):
    """The mnemonics of the actions that read the workspace status."""
    return sorted([
        a.mnemonic
        for a in analysistest.target_actions(env)
        if [f for f in a.inputs.to_list() if f.basename in ["stable-status.txt", "volatile-status.txt"]]
    ])

def _stamped_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.equals(env, ctx.attr.readers, _status(env))
    named = [a.mnemonic for a in analysistest.target_actions(env) if "{STABLE_" in (a.content or "") + " ".join(a.argv or [])]
    asserts.equals(env, ["FileWrite"] if ctx.attr.readers else [], named, "actions that name keys of the status")
    return analysistest.end(env)

_STAMP = {
    "readers": attr.string_list(doc = "Mnemonics of the actions that read the workspace status."),
}

unstamped_test = analysistest.make(_stamped_impl, attrs = _STAMP)
stamped_test = analysistest.make(_stamped_impl, attrs = _STAMP, config_settings = {"//command_line_option:stamp": True})

def _full_impl(ctx):
    env = analysistest.begin(ctx)
    file = analysistest.target_under_test(env)[WasmcloudArtifactInfo].file
    verify = only(env, "WasmcloudVerify")
    asserts.true(env, file in verify.inputs.to_list(), "the signed bytes are not verified")
    asserts.true(env, "--artifact" in verify.argv)
    return analysistest.end(env)

full_test = analysistest.make(_full_impl, config_settings = {SETTINGS + "verify": "full"})

def _attached_impl(ctx):
    env = analysistest.begin(ctx)
    mnemonics = [a.mnemonic for a in analysistest.target_actions(env)]
    asserts.true(env, "WasmcloudAttach" in mnemonics)
    asserts.false(env, "WasmcloudSign" in mnemonics, "a key is asked for")
    return analysistest.end(env)

attached_test = analysistest.make(_attached_impl)

def _fixed_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.equals(env, {"WasmcloudFix": ["raw.wasm"]}, ran(env))
    fix = only(env, "WasmcloudFix")
    module = [f.path for f in fix.inputs.to_list() if f.basename == "raw.wasm"]
    out = [f.path for f in fix.outputs.to_list()]
    asserts.equals(env, ["--quiet", "--strip"] + module + ["--out"] + out + ["--caps", "wasmcloud:httpserver", "--caps", "wasmcloud:keyvalue"], fix.argv[1:])
    return analysistest.end(env)

fixed_test = analysistest.make(_fixed_impl)
