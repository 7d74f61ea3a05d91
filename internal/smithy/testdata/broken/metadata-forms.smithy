$version: "2"

metadata severityOverrides = [
    { id: "A", namespace: "*", severity: "ERROR" }
    { id: "A", namespace: "*", severity: "danger" }
    { id: "A", severity: "DANGER" }
    { namespace: "*", severity: "DANGER" }
    {
        id: "A"
        namespace: 1
        severity: "DANGER"
    }
    { id: "A", namespace: "*", severity: "DANGER", reason: "more" }
]

metadata suppressions = [
    { id: "A" }
    {
        id: "A"
        namespace: "*"
        reason: 5
    }
]

metadata validators = [
    1
    { id: "A" }
    {
        name: "EmitEachSelector"
        severity: "ERROR"
    }
    {
        name: "EmitEachSelector"
        namespaces: "a"
    }
    {
        name: "EmitEachSelector"
        namespaces: [
            1
        ]
    }
    {
        name: "EmitEachSelector"
        selector: "nope("
        configuration: { selector: "*" }
    }
    {
        name: "EmitEachSelector"
        configuration: []
    }
    {
        name: "EmitEachSelector"
    }
    {
        name: "EmitEachSelector"
        configuration: {
            selector: "nope("
        }
    }
    {
        name: "EmitEachSelector"
        configuration: {
            selector: 1
        }
    }
    {
        name: "EmitEachSelector"
        configuration: {
            selector: "*"
            bindToTrait: "documentation"
        }
    }
    {
        name: "EmitEachSelector"
        configuration: {
            selector: "*"
            messageTemplate: "a@b"
        }
    }
    {
        name: "EmitEachSelector"
        configuration: {
            selector: "*"
            messageTemplate: 1
        }
    }
    {
        name: "EmitEachSelector"
        configuration: {
            selector: "*"
            more: 1
        }
    }
    {
        name: "EmitNoneSelector"
        configuration: {}
    }
    {
        name: "EmitNoneSelector"
        configuration: {
            selector: "nope("
        }
    }
    { name: "Nope", id: "Other" }
]

namespace ex

structure A {
    b: Nope
}

@range(min: 2, max: 1)
integer I
