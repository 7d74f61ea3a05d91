$version: "2"

namespace ex

structure A {
    a: Integer = "x"
    b: String = 1
    c: Boolean = null
    d: List = ["a"]
    e: List = []
    f: Map = { a: "b" }
    g: B = {}
    h: Small = 9
    i: PrimitiveInteger
    j: Zero
    k: Zero = 1
    l: Zero = null
    m: Colour = "green"
    n: Blob = "x"
    o: Timestamp = "x"
    p: Document = { a: 1 }
}

structure B {}

list List {
    member: String
}

map Map {
    key: String
    value: String
}

@range(max: 5)
integer Small

@default(0)
integer Zero

enum Colour {
    RED = "red"
}
