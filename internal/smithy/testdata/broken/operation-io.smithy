$version: "2"

namespace ex

operation O {
    input: A
    output: A
}

operation P {
    input: I
}

operation Q {
    input: I
}

structure A {}

@input
structure I {}
