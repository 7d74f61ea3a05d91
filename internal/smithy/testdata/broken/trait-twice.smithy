$version: "2"

namespace ex

@documentation("a")
@documentation("b")
structure A {}

/// x
@documentation("y")
structure B {}
