$version: "2"

namespace ex

@unknown
structure A {
    @other.ns#thing(1)
    a: String
}
