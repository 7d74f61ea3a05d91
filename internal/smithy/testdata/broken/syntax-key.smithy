$version: "2"

namespace ex

@trait(selector: "*", selector: "*")
structure A {}
