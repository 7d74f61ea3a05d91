$version: "2"

metadata suppressions = [{ id: "DeprecatedShape", namespace: "ex", reason: "test" }]

namespace ex

@deprecated
string Old

@suppress(["TraitTarget"])
@required
structure A {
    old: Old
}
