"""What can be pushed and started."""

WasmcloudArtifactInfo = provider(
    doc = "A signed artifact with its OCI manifest. Other rule sets may make it; all that pushing needs is here.",
    fields = {
        "annotations": "File: JSON object of the manifest's annotations.",
        "digest": "File: the manifest's digest, sha256:…, which is what a push prints.",
        "file": "File: the signed wasm or provider archive.",
        "kind": "string: actor or provider.",
        "manifest": "File: the OCI manifest.",
        "name": "string: the name in the claims.",
        "unsigned": "dict of string to File: what was signed. The executable for each target of a provider; of an actor, \"wasm\" and the wasm. Empty of what was made elsewhere.",
    },
)
