"""What can be pushed and started."""

WasmcloudArtifactInfo = provider(
    doc = "A signed artifact with its OCI manifest. Other rule sets may make it; all that pushing needs is here.",
    fields = {
        "annotations": "dict of string to string: the manifest's annotations.",
        "digest": "File: the manifest's digest, sha256:…, which is what a push prints.",
        "file": "File: the signed wasm.",
        "manifest": "File: the OCI manifest.",
        "name": "string: the name in the claims.",
        "unsigned": "File: the wasm before signing.",
    },
)
