$version: "2"

namespace ex

structure A {
    @box
    a: Integer
}
