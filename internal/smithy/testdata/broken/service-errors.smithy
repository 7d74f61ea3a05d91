$version: "2"

namespace ex

service S {
    version: "1"
    operations: [O]
    errors: [A]
}

operation O {
    errors: [A]
}

structure A {}
