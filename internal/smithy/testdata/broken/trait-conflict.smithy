$version: "2"

namespace ex

@readonly
@idempotent
operation O {}

@input
@output
structure A {}

structure B {
    @required
    @recommended
    a: String
}

@error("client")
@trait
structure C {}
