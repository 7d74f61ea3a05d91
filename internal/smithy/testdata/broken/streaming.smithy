$version: "2"

namespace ex

structure A {
    a: Stream
    b: Stream
}

@streaming
blob Stream

operation O {
    input := {
        s: Stream
    }
}
