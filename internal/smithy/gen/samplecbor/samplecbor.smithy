// In version 1.0, and without what Rust could not hold, so that weld-codegen makes a peer of it.
metadata package = [
    {
        namespace: "org.example.samplecbor"
        crate: "crate"
    }
]

namespace org.example.samplecbor

use org.wasmcloud.model#I64
use org.wasmcloud.model#U16
use org.wasmcloud.model#U32
use org.wasmcloud.model#U64
use org.wasmcloud.model#U8
use org.wasmcloud.model#Unit
use org.wasmcloud.model#n
use org.wasmcloud.model#serialization
use org.wasmcloud.model#wasmbus
use org.wasmcloud.model#wasmbusData

/// Every kind of type in one service that speaks CBOR.
@wasmbus(contractId: "example:samplecbor", actorReceive: true, providerReceive: true, protocol: "2")
service Sample {
    version: "1"
    operations: [
        Echo
        Turn
        Fire
        Now
        Keep
        Greet
    ]
}

/// Gives back what it gets.
operation Echo {
    input: Everything
    output: Everything
}

/// Gives back a union.
operation Turn {
    input: Shape
    output: Shape
}

/// Takes a message and gives none.
operation Fire {
    input: Nothing
}

/// Takes none and gives times.
operation Now {
    output: Times
}

/// Takes a message whose members have no numbers.
operation Keep {
    input: Loose
    output: Loose
}

/// Takes a bare string.
operation Greet {
    input: String
    output: String
}

/// A message without members.
@wasmbusData
structure Nothing {}

/// One member of each type.
@wasmbusData
structure Everything {
    @n(0)
    @required
    text: String

    @n(1)
    optional: String

    @n(2)
    @required
    flag: Boolean

    @n(3)
    maybe: Boolean

    @n(4)
    @required
    bytes: Blob

    @n(5)
    tiny: U8

    @n(6)
    small: U16

    @n(7)
    @required
    count: U32

    @n(8)
    big: U64

    @n(9)
    signed: I64

    @n(10)
    ratio: Double

    @n(11)
    short: Float

    @n(12)
    @serialization(name: "other_name")
    renamed: Integer

    @n(13)
    @required
    names: Names

    @n(14)
    table: Table

    @n(15)
    leaf: Leaf

    @n(16)
    @required
    must: Leaf

    @n(17)
    @required
    at: Timestamp

    @n(18)
    later: Timestamp

    @n(19)
    times: Times

    @n(20)
    extra: Document

    @n(21)
    shape: Shape

    @n(22)
    shapes: Shapes
}

/// One of several things.
@wasmbusData
union Shape {
    /// Written on it.
    @n(0)
    text: String

    @n(1)
    leaf: Leaf

    @n(2)
    nothing_at_all: Unit

    /// Number 3 was once something else.
    @n(4)
    when2: Timestamp

    @n(5)
    open: Document

    @n(6)
    count: U32
}

/// A message whose members have no numbers.
@wasmbusData
structure Loose {
    @required
    name: String

    @required
    age: U32

    @required
    leaf: Leaf
}

/// A leaf.
@wasmbusData
structure Leaf {
    @n(0)
    @required
    at: U32
}

list Names {
    member: String
}

list Shapes {
    member: Shape
}

list Times {
    member: Timestamp
}

map Table {
    key: String
    value: Names
}

// From here on it is not for weld-codegen, whose stack overflows at types that contain themselves.
/// What contains itself.
@wasmbus(contractId: "example:samplecbor", actorReceive: true, protocol: "2")
service Deep {
    version: "1"
    operations: [
        Nest
    ]
}

/// Gives back what it gets.
operation Nest {
    input: Tree
    output: Tree
}

/// A tree.
@wasmbusData
structure Tree {
    @n(0)
    branches: Trees

    @n(1)
    inner: Nested
}

/// A union of itself.
@wasmbusData
union Nested {
    @n(0)
    group: NestedList

    @n(1)
    tree: Tree

    @n(2)
    again: Nested
}

list NestedList {
    member: Nested
}

list Trees {
    member: Tree
}
