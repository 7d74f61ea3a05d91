$version: "2"

metadata severityOverrides = [
    { id: "DeprecatedShape", namespace: "*", severity: "DANGER" }
    "no object"
]

metadata suppressions = "all"

metadata validators = {}

namespace ex

@deprecated
string Old

structure A {
    old: Old
}
