$version: "2"

namespace ex

structure A {
    @jsonName("x")
    a: String

    @jsonName("x")
    b: String
}
