$version: "2"

metadata severityOverrides = [
    { id: "HttpMethodSemantics", namespace: "ex", severity: "DANGER" }
    { id: "HttpMethodSemantics.MissingReadonlyTrait", namespace: "*", severity: "WARNING" }
    { id: "DeprecatedShape", namespace: "*", severity: "DANGER" }
    { id: "Nothing", namespace: "*", severity: "DANGER" }
    { id: "NoPlace", namespace: "*", severity: "DANGER" }
    { id: "NoPlace2", namespace: "ex", severity: "DANGER" }
]

metadata validators = [
    { name: "EmitNoneSelector", id: "NoPlace", severity: "NOTE", configuration: { selector: "blob" } }
    { name: "EmitNoneSelector", id: "NoPlace2", severity: "NOTE", configuration: { selector: "blob" } }
]

namespace ex

@http(method: "GET", uri: "/get")
operation Get {}

@deprecated
string Old

structure A {
    old: Old
    @suppress(["DeprecatedShape"])
    older: Old
}

/// Its members' events are not its own.
@suppress(["DeprecatedShape"])
structure B {
    old: Old
}

list L {
    member: Old
}

apply L @suppress(["DeprecatedShape"])
apply L$member @suppress(["DeprecatedShape.ex"])
