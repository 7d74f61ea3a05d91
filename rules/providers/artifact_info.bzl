"""What can be pushed and started."""

WasmcloudArtifactInfo = provider(
    doc = "An artifact with its OCI manifest. Other rule sets may make it; all that pushing needs is here.",
    fields = {
        "annotations": "File: JSON object of the manifest's annotations.",
        "digest": "File: the manifest's digest, sha256:…, which is what a push prints.",
        "file": "File: the signed wasm, the signed provider archive, or the models of an interface in one file.",
        "kind": "string: actor, provider or interface.",
        "manifest": "File: the OCI manifest.",
        "name": "string: the name in the claims, or NAME-interface of an interface: the repository to push to.",
        "unsigned": "dict of string to File: what was signed. The executable for each target of a provider; of an actor, \"wasm\" and the wasm. Empty of what was made elsewhere.",
    },
)
