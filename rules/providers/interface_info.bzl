"""What an interface is to those that use it."""

WasmcloudInterfaceInfo = provider(
    doc = "The Smithy models of an interface. Other rule sets may make it, or write code of another language from it.",
    fields = {
        "models": "depset of Files: the interface's own models.",
        "transitive_models": "depset of Files: those, and the models of all interfaces that it uses.",
    },
)
