$version: "2"

metadata package = [
    {
        namespace: "org.example.sample"
        crate: "sample"
    }
]

namespace org.example.sample

use org.wasmcloud.model#I64
use org.wasmcloud.model#U16
use org.wasmcloud.model#U32
use org.wasmcloud.model#U64
use org.wasmcloud.model#U8
use org.wasmcloud.model#n
use org.wasmcloud.model#rename
use org.wasmcloud.model#serialization
use org.wasmcloud.model#wasmbus
use org.wasmcloud.model#wasmbusData

/// Every kind of type in one service.
@wasmbus(contractId: "example:sample", providerReceive: true)
service Sample {
    version: "1"
    operations: [
        Echo
        Fire
        Now
        All
    ]
}

/// Gives back what it gets.
operation Echo {
    input: Everything
    output: Everything
}

/// Takes a message and gives none.
operation Fire {
    input: Nothing
}

/// Takes none and gives a list.
operation Now {
    output: Names
}

/// Takes none and gives a list of messages.
operation All {
    output: Everythings
}

list Everythings {
    member: Everything
}

/// A message without members.
@wasmbusData
structure Nothing {}

/// One member of each type.
@wasmbusData
structure Everything {
    /// A string.
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
    nested: NestedTable

    @n(16)
    @required
    colour: Colour

    @n(17)
    inner: Everything

    @n(18)
    many: Many

    /// How often; 3 if nothing is said.
    @n(19)
    retries: Integer = 3

    @n(20)
    greeting: String = "hello"

    @n(21)
    on: Boolean = true

    @n(22)
    zero: Integer = 0

    @n(23)
    @rename([
        {
            lang: "python"
            name: "del_"
        }
        {
            lang: "go"
            name: "Removed"
        }
    ])
    delete: Boolean

    @n(24)
    level: Level

    @n(25)
    leaf: Leaf

    @n(26)
    @required
    must: Leaf

    @n(27)
    leaves: LeafMap

    @n(28)
    blobs: Blobs

    @n(29)
    at: Timestamp

    @n(30)
    @required
    times: Times

    @n(31)
    extra: Document

    @n(32)
    open: DocumentMap
}

enum Colour {
    RED = "red"
    GREEN = "green"
}

/// How loud.
intEnum Level {
    LOW = 1

    /// Very.
    HIGH = 7
}

list Blobs {
    member: Blob
}

map LeafMap {
    key: String
    value: Leaf
}

list Names {
    member: String
}

map DocumentMap {
    key: String
    value: Document
}

list Times {
    member: Timestamp
}

list Many {
    member: Leaf
}

/// A leaf.
@wasmbusData
structure Leaf {
    @n(0)
    @required
    at: U32
}

map Table {
    key: String
    value: Names
}

map NestedTable {
    key: String
    value: Table
}

/// What contains itself, and always says what of.
@wasmbusData
structure Branch {
    @n(0)
    @required
    twigs: Twigs

    @n(1)
    @required
    named: NamedTwigs

    @n(2)
    colours: Colours
}

list Twigs {
    member: Branch
}

map NamedTwigs {
    key: String
    value: Branch
}

list Colours {
    member: Colour
}
