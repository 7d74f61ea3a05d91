$version: "2"

namespace ex

structure A {
    a: Missing
    b: other.ns#Thing
}

list L {
    member: Missing
}
