$version: "2"

namespace ex

enum A {
    X = "a"
    Y = "a"
}

intEnum B {
    X = 1
    Y = 1
}

intEnum C {
    X
}

enum D {
    X = 1
}

intEnum E {
    X = "a"
}

enum G {
    X = ""
}
