"""What a signature says."""

WasmcloudClaimsInfo = provider(
    doc = "The claims of a signed artifact and the token that holds them.",
    fields = {
        "claims": "File: the claims as JSON, stamped if the build is.",
        "hashes": "list of Files: the hashes that the token is for, one of a module, one for each target of a provider.",
        "jwt": "File: the token.",
        "keys": "WasmcloudKeysInfo: who signs.",
        "schema": "File: the schema of a provider's configuration, or None.",
        "stamped": "bool: whether values of the workspace status are in the token.",
    },
)
