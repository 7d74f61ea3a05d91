$version: "2"

namespace ex

@documentation("never ends)
structure A {}
