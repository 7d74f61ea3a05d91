$version: "1.0"

namespace org.example.one

use org.wasmcloud.model#U64

@documentation("A trait of its own")
@trait(selector: "structure > member")
@range(min: 0, max: 10)
short rank

@trait
structure marked {
    why: String
    list: Words
}

list Words {
    member: String
}

set Unique {
    member: String
}

@marked(why: "tests", list: ["a", "b"])
structure Numbers {
    @rank(3)
    a: Byte

    b: PrimitiveLong

    @box
    c: Count

    d: Count

    e: Boxed

    f: U64

    @required
    g: PrimitiveBoolean

    h: Timestamp

    i: BigDecimal

    j: Document

    k: Unique

    l: Truth
}

long Count

@box
integer Boxed

boolean Truth

@enum([
    {
        value: "red"
        name: "RED"
    }
    {
        value: "green"
        name: "GREEN"
        documentation: "Grass"
        tags: ["nature"]
        deprecated: true
    }
])
string Colour

@pattern("^[a-z]+$")
@length(min: 1, max: 20)
string Word

union Shape {
    circle: Float
    square: Double
    many: Words
}

apply Word @documentation("A word")

apply Numbers$a @documentation("The first")
