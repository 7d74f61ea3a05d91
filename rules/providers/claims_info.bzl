"""What a signature says."""

WasmcloudClaimsInfo = provider(
    doc = "The claims of a signed artifact and the token that holds them.",
    fields = {
        "claims": "File: the claims as JSON, before stamping.",
        "hash": "File: the hash of the module that the token is for.",
        "jwt": "File: the token.",
        "keys": "WasmcloudKeysInfo: who signs.",
        "stamped": "bool: whether values of the workspace status are in the token.",
    },
)
