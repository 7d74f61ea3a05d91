$version: "2"

namespace ex

structure A {
    a: Unit
}

list L {
    member: Unit
}

union U {
    a: Unit
}
