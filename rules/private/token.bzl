"""The token of an artifact: its claims, who signs them, and whether that was done.

Of the actions of an artifact this holds the ones that know no artifact's bytes, only hashes:

    Sign      claims, hashes          -> token, 1 KiB      where the seed is
    Attach    a token, claims, hashes -> the same token    in place of Sign, for what was signed elsewhere
    Request   claims, hashes          -> what to sign elsewhere
    Verify    token, claims, hashes   -> a verdict         on this machine

An Ed25519 signature is a function of message and key, so that the token depends on the claims and
the account's public key alone. It is cached, remotely too, and no seed is in what is cached.
"""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load("//rules/providers:claims_info.bzl", "WasmcloudClaimsInfo")
load("//rules/providers:keys_info.bzl", "WasmcloudKeysInfo")
load(":action.bzl", "PORTABLE", "UNCACHED", "VERDICT", "WITH_SEED", "run_tool", "write_json")
load(":keys.bzl", "is_public_key")
load(":settings.bzl", "STAMP_ATTRS", "has_placeholder", "is_stamped")

_STAMPABLE = ["name", "version", "revision"]

# For rules that sign.
TOKEN_ATTRS = STAMP_ATTRS | {
    "claim_name": attr.string(doc = "Name in the claims, for people. Default: the target's name, without its package."),
    "expires": attr.string(doc = "When the token expires: 2027-01-31, 2027-01-31T12:00:00Z or unix seconds. Default: never."),
    "expires_in": attr.int(doc = "Days from the signing after which the token expires. The output is then another each time it is made, and no cache keeps it: prefer `expires`."),
    "jwt": attr.label(doc = "A token that was signed elsewhere, from the output group signing_request. It must be for exactly what is built here.", allow_single_file = [".jwt"]),
    "keys": attr.label(doc = "A wasmcloud_keys: who signs. Default: //rules/settings:keys.", providers = [WasmcloudKeysInfo]),
    "not_before": attr.string(doc = "When the token becomes valid, as expires."),
    "revision": attr.int(doc = "Revision number."),
    "stamped": attr.string_dict(doc = "In a stamped build, claims in place of the attributes': {\"version\": \"{STABLE_VERSION}\"}. Keys: name, version, revision; {KEY} is a value of the workspace status. A build that is not stamped has none of it in its actions."),
    "subject": attr.string(doc = "The artifact's public key (M… of an actor, V… of a provider). Default: derived from account and claim name. Pin it for a lattice that is shared."),
    "version": attr.string(doc = "Version in the claims, for people. Required."),
    "_deny_development_key": attr.label(default = "//rules/settings:deny_development_key"),
    "_keys": attr.label(default = "//rules/settings:keys", providers = [WasmcloudKeysInfo]),
    "_verify": attr.label(default = "//rules/settings:verify"),
}

def _claims(ctx, keys, kind, more):
    """The claims as the signer reads them; what is empty is left out."""
    if not ctx.attr.version:
        fail("%s has no version. Hosts update %ss by version, and tags are named after it: add version = \"0.1.0\"." % (ctx.label, kind))
    for name in ctx.attr.stamped:
        if name not in _STAMPABLE:
            fail("%s: stamped has %r; what can be stamped is %s." % (ctx.label, name, ", ".join(_STAMPABLE)))
    if ctx.attr.subject.startswith("S"):
        fail("%s: subject holds what looks like a seed. Write the public key; a subject signs nothing." % ctx.label)
    letter, thing = ("V", "provider") if kind == "provider" else ("M", "module")
    if ctx.attr.subject and not is_public_key(ctx.attr.subject, letter):
        fail("%s: subject = %r is no %s's public key: want %s and 55 more of A-Z and 2-7, or nothing." % (ctx.label, ctx.attr.subject, thing, letter))
    if ctx.attr.expires_in < 0:
        fail("%s: expires_in = %d: want a number of days." % (ctx.label, ctx.attr.expires_in))
    if ctx.attr.expires_in and ctx.attr.expires:
        fail("%s: give expires or expires_in, not both." % ctx.label)
    claims = {
        "account": keys.account,
        "expires": ctx.attr.expires,
        "expires_in": ctx.attr.expires_in,
        "name": ctx.attr.claim_name or ctx.label.name,
        "not_before": ctx.attr.not_before,
        "revision": str(ctx.attr.revision),
        "subject": ctx.attr.subject,
        "version": ctx.attr.version,
    } | more
    if ctx.attr.stamped and is_stamped(ctx):
        claims.update(ctx.attr.stamped)
    return {k: v for k, v in claims.items() if v}

def _has_placeholders(claims):
    texts = [t for v in claims.values() for t in (v if type(v) == "list" else [v]) if type(t) == "string"]
    return any([has_placeholder(t) for t in texts])

def _keys(ctx):
    keys = (ctx.attr.keys or ctx.attr._keys)[WasmcloudKeysInfo]
    if keys.development and ctx.attr._deny_development_key[BuildSettingInfo].value:
        fail(("%s would be signed with the development key, which everybody has, and //rules/settings:deny_development_key is set: " +
              "name your keys by `keys`, or by --@rules_wasmcloud//rules/settings:keys=//YOUR:keys.") % ctx.label)
    return keys

def _sign(ctx, signer, flags, inputs, token, keys):
    if ctx.file.jwt:
        run_tool(ctx, "Attach", signer, ["action", "attach"], flags + [("--token", ctx.file.jwt), ("--out", token)], inputs + [ctx.file.jwt], [token], "Comparing the token of")
        return
    where = PORTABLE if keys.development else WITH_SEED
    if ctx.attr.expires_in:
        where = where | UNCACHED
    run_tool(ctx, "Sign", signer, ["action", "sign"], flags + [("--out", token)], inputs, [token], "Signing", where)

def make_token(ctx, signer, kind, more, hashes, schema = None):
    """Declares the actions from claims and hashes to a token.

    Args:
      ctx: of a rule with TOKEN_ATTRS.
      signer: the tool.
      kind: "actor" or "provider".
      more: dict of claims that only this kind has.
      hashes: list of (flag, File) and (flag, File, format): the hashes that are signed.
      schema: File with the schema of a provider's configuration, or None.

    Returns:
      A struct for verify_token, with info (WasmcloudClaimsInfo), name (string, the claim's) and groups (dict of output group to depset).
    """
    keys = _keys(ctx)
    content = _claims(ctx, keys, kind, more)
    stamped = is_stamped(ctx) and _has_placeholders(content)
    claims = write_json(ctx, ctx.label.name + ".claims.json", content, signer if stamped else None)
    token = ctx.actions.declare_file(ctx.label.name + ".jwt")
    request = ctx.actions.declare_file(ctx.label.name + ".request.json")
    schemas = [schema] if schema else []
    inputs = [claims] + [h[1] for h in hashes] + schemas
    flags = [("--claims", claims)] + hashes + [("--schema", f) for f in schemas]
    _sign(ctx, signer, flags, inputs, token, keys)
    run_tool(ctx, "Request", signer, ["action", "request"], flags + [("--out", request)], inputs, [request], "Writing the signing request of")
    return struct(
        info = WasmcloudClaimsInfo(claims = claims, hashes = [h[1] for h in hashes], jwt = token, keys = keys, schema = schema, stamped = stamped),
        name = content["name"],
        groups = {"claims": depset([claims]), "jwt": depset([token]), "signing_request": depset([request])},
        _flags = flags + [("--token", token)],
        _inputs = inputs + [token],
    )

def verify_token(ctx, signer, token, file):
    """Declares the action that compares a token with what was to be signed.

    Args:
      ctx: of a rule with TOKEN_ATTRS.
      signer: the tool.
      token: what make_token gave.
      file: the signed File, which is read if //rules/settings:verify says so.

    Returns:
      The File of the verdict.
    """
    verified = ctx.actions.declare_file(ctx.label.name + ".verified")
    bytes = [file] if ctx.attr._verify[BuildSettingInfo].value == "full" else []
    run_tool(
        ctx,
        "Verify",
        signer,
        ["action", "verify"],
        token._flags + [("--artifact", f) for f in bytes] + [("--out", verified)],
        token._inputs + bytes,
        [verified],
        "Verifying",
        VERDICT,
    )
    return verified
