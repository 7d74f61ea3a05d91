$version: "2"

namespace ex

structure A {
    @required
    a: A
}

list L {
    member: L
}

structure B {
    @required
    c: C
}

structure C {
    @required
    b: B
}

union U {
    u: U
}

union V {
    v: V
    s: String
}

structure D {
    d: D
}

map M {
    key: String
    value: M
}
