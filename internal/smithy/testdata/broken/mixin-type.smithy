$version: "2"

namespace ex

@mixin
union U {
    a: String
}

structure A with [U] {}
