$version: "2"

namespace ex

@mixin
structure M {
    a: String
}

structure A {
    m: M
}
