$version: "2"

namespace ex

structure A {
    a: String
    a: Integer
}
