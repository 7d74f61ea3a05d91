$version: "2"

namespace ex

@documentation("\q")
structure A {}
