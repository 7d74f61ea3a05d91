"""What a rule may know of a key: its public half."""

WasmcloudKeysInfo = provider(
    doc = "An account that signs. No seed is in it: seeds are found when the action runs, or the token is signed elsewhere.",
    fields = {
        "account": "string: the public key of the account (A…).",
        "development": "bool: whether it is the published development key, which protects nothing.",
    },
)
