$version: "2"

namespace ex

structure Foo {}

string foo

structure M {
    a: String
    A: String
}
