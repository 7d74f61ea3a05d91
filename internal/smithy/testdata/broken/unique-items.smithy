$version: "2"

namespace ex

@uniqueItems
list A {
    member: Float
}

@uniqueItems
@sparse
list B {
    member: String
}
