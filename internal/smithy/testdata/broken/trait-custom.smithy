$version: "2"

namespace ex

@trait
structure t {
    @required
    a: String

    b: Small

    c: Colour

    d: Names

    e: Choice

    f: Timestamp

    g: Word
}

@range(min: 1, max: 5)
integer Small

enum Colour {
    RED = "red"
}

@length(max: 1)
list Names {
    member: String
}

union Choice {
    x: String
    y: Integer
}

@pattern("^[a-z]+$")
string Word

@t
structure A {}

@t(a: "x", b: 6)
structure B {}

@t(a: "x", c: "blue")
structure C {}

@t(a: "x", d: ["a", "b"])
structure D {}

@t(a: "x", e: { x: "a", y: 1 })
structure E {}

@t(a: "x", b: 1.5)
structure F {}

@t(a: "x", f: true)
structure G {}

@t(a: "x", g: "A1")
structure H {}

@t(a: "x", z: 1)
structure I {}

@t(a: null)
structure J {}
