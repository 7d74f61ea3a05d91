$version: "2"

namespace ex

@trait
list names {
    member: Name
}

@length(min: 2)
string Name

@names(["a", "bb", null])
structure A {}

@names({})
structure B {}
