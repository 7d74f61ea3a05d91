$version: "2.0"

metadata severityOverrides = [
    {
        id: "Severities"
        namespace: "org.example.overrides"
        severity: "WARNING"
    }
    {
        id: "DeprecatedShape"
        namespace: "org.example"
        severity: "DANGER"
    }
    {
        id: "Deprecated"
        namespace: "*"
        severity: "DANGER"
    }
    {
        id: "HttpMethodSemantics"
        namespace: "*"
        severity: "DANGER"
    }
]

metadata suppressions = [
    {
        id: "HttpMethodSemantics"
        namespace: "org.example.overrides"
    }
]

metadata validators = [
    {
        name: "EmitEachSelector"
        id: "Severities.Note"
        severity: "NOTE"
        configuration: { selector: "[id|name = Raised]" }
    }
    {
        name: "EmitEachSelector"
        id: "Other"
        severity: "NOTE"
        configuration: { selector: "[id|name = Raised]" }
    }
]

namespace org.example.overrides

/// A note of it becomes a warning.
structure Raised {
    old: Old
}

/// Its use stays a warning: what would raise that is of another namespace, or of part of a name.
@deprecated
string Old

/// What is suppressed is not raised.
@http(method: "GET", uri: "/get")
operation Get {}
