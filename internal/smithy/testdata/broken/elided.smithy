$version: "2"

namespace ex

structure A {
    $a
}

structure B for R {
    $b
}

resource R {
    identifiers: { a: String }
}

structure C for A {
    $a
}
