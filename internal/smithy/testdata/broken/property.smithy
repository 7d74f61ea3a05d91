$version: "2"

namespace ex

structure A {
    $a: String
}

operation O {
    input = A
}
