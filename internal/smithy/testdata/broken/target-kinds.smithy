$version: "2"

namespace ex

operation O {
    input: String
    output: Integer
    errors: [A]
}

structure A {
    o: O
    s: S
}

service S {
    version: "1"
    operations: [A]
    resources: [O]
}
