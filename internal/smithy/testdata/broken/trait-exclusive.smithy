$version: "2"

namespace ex

structure A {
    @idempotencyToken
    a: String

    @idempotencyToken
    b: String
}
