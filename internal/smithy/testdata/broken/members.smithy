$version: "2"

namespace ex

list A {}

list B {
    member: String
    other: String
}

map C {
    key: String
}

list D {
    element: String
}
