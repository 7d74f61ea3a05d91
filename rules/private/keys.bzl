"""wasmcloud_keys: who signs."""

load("//rules/providers:keys_info.bzl", "WasmcloudKeysInfo")

# The public half of the Ed25519 seed SHA-256("rules_wasmcloud development account, protects nothing").
DEVELOPMENT_ACCOUNT = "AAUXSYSSESBPQZSFJ3CC53YVJB7ZEX4DYBAFH2YLRA6W7JT63YOFEBY3"

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

def is_public_key(text, kind):
    """Tells whether text has the form of a public key; its check sum is the signer's to test.

    Args:
      text: the string.
      kind: its first letter, such as "A".

    Returns:
      True or False.
    """
    return len(text) == 56 and text[0] == kind and not [c for c in text.elems() if c not in _BASE32]

def _wasmcloud_keys_impl(ctx):
    account = ctx.attr.account
    if account.startswith("S"):
        # Not shown: a build's log is kept and shared.
        fail("%s: account holds what looks like a seed. Take it out of the BUILD file and its history, make a new key, " % ctx.label +
             "and write the public key here (A…; `signer keys list` shows it).")
    if not is_public_key(account, "A"):
        fail("%s: account = %r is no account's public key: want A and 55 more of A-Z and 2-7 (`signer keys list` shows yours)." % (ctx.label, account))
    return [WasmcloudKeysInfo(account = account, development = account == DEVELOPMENT_ACCOUNT)]

wasmcloud_keys = rule(
    doc = """Names the account that signs, by its public key.

The seed is nowhere in the build. When the signing action runs it looks for a `.nk` file with that
account's seed in `~/.wash/keys`; without one it fails and names the account. Choose one for all
actors by `--@rules_wasmcloud//rules/settings:keys=//:release_keys`, or for one by its `keys`.""",
    implementation = _wasmcloud_keys_impl,
    attrs = {
        "account": attr.string(doc = "The account's public key, A….", mandatory = True),
    },
    provides = [WasmcloudKeysInfo],
)
