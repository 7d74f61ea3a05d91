$version: "2"

namespace ex

@trait(selector: "foo(")
structure t {}

@t
structure A {}
