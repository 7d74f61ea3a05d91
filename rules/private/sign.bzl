"""wasmcloud_sign: hash, sign, embed, manifest.

Signing is four actions, so that the one that sees a key is small and seldom runs:

    Hash      wasm                    -> hash              any machine
    Sign      claims, hash            -> token, 1 KiB      where the seed is; never reads the wasm
    Embed     wasm, token             -> signed wasm       any machine
    Manifest  digest of the signed    -> manifest, digest  any machine; 1 KiB

An Ed25519 signature is a function of message and key, so that the token depends on the claims and
the account's public key alone. All four are cached, remotely too, and no seed is in what is cached.
"""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load("//rules/providers:artifact_info.bzl", "WasmcloudArtifactInfo")
load("//rules/providers:claims_info.bzl", "WasmcloudClaimsInfo")
load("//rules/providers:keys_info.bzl", "WasmcloudKeysInfo")
load(":keys.bzl", "is_public_key")
load(":settings.bzl", "StampInfo")
load(":toolchain.bzl", "TOOLCHAIN_TYPE")
load(":wasm.bzl", "SRC_ATTRS", "one_wasm")

# A function of small declared inputs: any machine may run it, under any path.
_PORTABLE = {"supports-path-mapping": ""}

# Where the seed is; what it makes may be cached anywhere, it depends on the public key.
_WITH_SEED = {"block-network": "", "no-remote-exec": ""}

# A verdict may not come out of the cache that it is about.
_VERDICT = {"block-network": "", "no-cache": "", "no-remote-exec": ""}

_STAMPABLE = ["name", "version", "revision"]

def _stamped(ctx):
    if ctx.attr.stamp == 0 or not ctx.attr.stamped:
        return False
    return ctx.attr.stamp == 1 or ctx.attr._stamp[StampInfo].stamped

def _claims(ctx, keys, stamped):
    """The claims as the signer reads them; what is empty is left out."""
    version = ctx.attr.version
    if not version:
        fail("%s has no version. Hosts update actors by version, and tags are named after it: add version = \"0.1.0\"." % ctx.label)
    for name in ctx.attr.stamped:
        if name not in _STAMPABLE:
            fail("%s: stamped has %r; what can be stamped is %s." % (ctx.label, name, ", ".join(_STAMPABLE)))
    if ctx.attr.subject and not is_public_key(ctx.attr.subject, "M"):
        fail("%s: subject = %r is no module's public key: want M and 55 more of A-Z and 2-7, or nothing." % (ctx.label, ctx.attr.subject))
    claims = {
        "account": keys.account,
        "call_alias": ctx.attr.call_alias,
        "caps": ctx.attr.caps,
        "expires": ctx.attr.expires,
        "legacy": ctx.attr.legacy,
        "name": ctx.attr.claim_name or ctx.label.name,
        "not_before": ctx.attr.not_before,
        "provider": ctx.attr.provider,
        "revision": str(ctx.attr.revision),
        "subject": ctx.attr.subject,
        "tags": ctx.attr.custom_tags,
        "version": version,
    }
    if stamped:
        claims.update(ctx.attr.stamped)
    return {k: v for k, v in claims.items() if v}

def _keys(ctx):
    keys = (ctx.attr.keys or ctx.attr._keys)[WasmcloudKeysInfo]
    if keys.development and ctx.attr._deny_development_key[BuildSettingInfo].value:
        fail(("%s would be signed with the development key, which everybody has, and //rules/settings:deny_development_key is set: " +
              "name your keys by `keys`, or by --@rules_wasmcloud//rules/settings:keys=//YOUR:keys.") % ctx.label)
    return keys

def _action(ctx, what, tool, verb, arguments, inputs, outputs, requirements, progress):
    # "action" is the group of the signer's commands that name every file they touch.
    args = ctx.actions.args()
    args.add_all(verb)
    for flag, value in arguments:
        args.add(flag, value)
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

def _token(ctx, tools, out, keys, claims, hash, status):
    """Makes the token, or takes one that was signed elsewhere."""
    inputs = [claims, hash] + status
    flags = [("--claims", claims), ("--hash", hash), ("--out", out)] + [("--status", f) for f in status]
    if ctx.file.jwt:
        _action(ctx, "Attach", tools.signer, ["action", "attach"], flags + [("--token", ctx.file.jwt)], inputs + [ctx.file.jwt], [out], _PORTABLE, "Comparing the token of")
    else:
        _action(ctx, "Sign", tools.signer, ["action", "sign"], flags, inputs, [out], _PORTABLE if keys.development else _WITH_SEED, "Signing")

def _wasmcloud_sign_impl(ctx):
    tools = ctx.toolchains[TOOLCHAIN_TYPE]
    src, keys, stamped = one_wasm(ctx), _keys(ctx), _stamped(ctx)
    status = [ctx.info_file, ctx.version_file] if stamped else []

    def declare(suffix):
        return ctx.actions.declare_file(ctx.label.name + suffix)

    claims, hash, jwt = declare(".claims.json"), declare(".hash"), declare(".jwt")
    request, verified = declare(".request.json"), declare(".verified")
    signed, layer = declare("_s.wasm"), declare(".layer.json")
    manifest, config, digest = declare(".manifest.json"), declare(".config.json"), declare(".digest")

    content = _claims(ctx, keys, stamped)
    ctx.actions.write(claims, json.encode_indent(content, indent = "  ") + "\n")
    _action(ctx, "Hash", tools.signer, ["action", "hash"], [("--module", src), ("--out", hash)], [src], [hash], _PORTABLE, "Hashing the wasm of")
    _token(ctx, tools, jwt, keys, claims, hash, status)
    flags = [("--claims", claims), ("--hash", hash)] + [("--status", f) for f in status]
    _action(ctx, "Request", tools.signer, ["action", "request"], flags + [("--out", request)], [claims, hash] + status, [request], _PORTABLE, "Writing the signing request of")
    _action(
        ctx,
        "Embed",
        tools.signer,
        ["action", "embed"],
        [("--module", src), ("--token", jwt), ("--out", signed), ("--descriptor", layer), ("--section", "legacy" if ctx.attr.legacy else "modern")],
        [src, jwt],
        [signed, layer],
        _PORTABLE,
        "Embedding the token of",
    )
    _action(
        ctx,
        "Manifest",
        tools.ocipush,
        ["manifest"],
        [("--descriptor", layer), ("--manifest", manifest), ("--config-out", config), ("--digest", digest)] +
        [("--annotation", "%s=%s" % item) for item in ctx.attr.annotations.items()],
        [layer],
        [manifest, config, digest],
        _PORTABLE,
        "Writing the manifest of",
    )
    full = ctx.attr._verify[BuildSettingInfo].value == "full"
    _action(
        ctx,
        "Verify",
        tools.signer,
        ["action", "verify"],
        flags + [("--token", jwt), ("--out", verified)] + ([("--module", signed)] if full else []),
        [claims, hash, jwt] + status + ([signed] if full else []),
        [verified],
        _VERDICT,
        "Verifying",
    )
    return [
        DefaultInfo(files = depset([signed]), runfiles = ctx.runfiles([signed])),
        OutputGroupInfo(
            claims = depset([claims]),
            digest = depset([digest]),
            jwt = depset([jwt]),
            manifest = depset([manifest, config]),
            oci_layout = depset([manifest, config, digest, signed]),
            signing_request = depset([request]),
            unsigned = depset([src]),
            _validation = depset([verified]),
        ),
        WasmcloudClaimsInfo(claims = claims, hash = hash, jwt = jwt, keys = keys, stamped = stamped),
        WasmcloudArtifactInfo(
            file = signed,
            unsigned = src,
            manifest = manifest,
            digest = digest,
            annotations = ctx.attr.annotations,
            name = content["name"],
        ),
    ]

wasmcloud_sign = rule(
    doc = """Signs a wasm file for hosts.

For the same unsigned file, claims and account the output has the same bytes as that of `signer sign`,
on any machine and under any label.

Output groups: `claims` (JSON), `jwt` (the token), `signing_request` (what to sign elsewhere, for `jwt`),
`unsigned`, `digest` (what a push prints), `manifest`, and `_validation`, which Bazel builds with the target.""",
    implementation = _wasmcloud_sign_impl,
    attrs = SRC_ATTRS | {
        "annotations": attr.string_dict(doc = "Annotations of the OCI manifest."),
        "call_alias": attr.string(doc = "Name that other actors may call this one by: lower-case letters, digits, _ and /."),
        "caps": attr.string_list(doc = "Contract ids that the actor uses, such as wasmcloud:httpserver."),
        "claim_name": attr.string(doc = "Name in the claims, for people. Default: the target's name, without its package."),
        "custom_tags": attr.string_list(doc = "Tags in the claims. (`tags` are Bazel's.)"),
        "expires": attr.string(doc = "When the token expires: 2027-01-31, 2027-01-31T12:00:00Z or unix seconds. Default: never."),
        "jwt": attr.label(doc = "A token that was signed elsewhere, from the output group signing_request. It must be for exactly what is built here.", allow_single_file = [".jwt"]),
        "keys": attr.label(doc = "A wasmcloud_keys: who signs. Default: //rules/settings:keys.", providers = [WasmcloudKeysInfo]),
        "legacy": attr.bool(doc = "Sign in the form that hosts of 2022 read."),
        "not_before": attr.string(doc = "When the token becomes valid, as expires."),
        "provider": attr.bool(doc = "The module is a provider, of at most one contract."),
        "revision": attr.int(doc = "Revision number."),
        "stamp": attr.int(doc = "Whether `stamped` is used: 1 always, 0 never, -1 as --stamp says.", default = -1, values = [-1, 0, 1]),
        "stamped": attr.string_dict(doc = "In a stamped build, claims in place of the attributes': {\"version\": \"{STABLE_VERSION}\"}. Keys: name, version, revision; {KEY} is a value of the workspace status. A build that is not stamped has none of it in its actions."),
        "subject": attr.string(doc = "The module's public key, M…. Default: derived from account and claim name. Pin it for a lattice that is shared."),
        "version": attr.string(doc = "Version in the claims, for people. Required."),
        "_deny_development_key": attr.label(default = "//rules/settings:deny_development_key"),
        "_keys": attr.label(default = "//rules/settings:keys", providers = [WasmcloudKeysInfo]),
        "_stamp": attr.label(default = "//rules/settings:stamp"),
        "_verify": attr.label(default = "//rules/settings:verify"),
    },
    toolchains = [TOOLCHAIN_TYPE],
    provides = [WasmcloudArtifactInfo, WasmcloudClaimsInfo],
)
