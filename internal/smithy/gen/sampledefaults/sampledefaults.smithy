$version: "2"

metadata package = [
    {
        namespace: "org.example.sampledefaults"
        crate: "sampledefaults"
    }
]

namespace org.example.sampledefaults

use org.wasmcloud.model#I64
use org.wasmcloud.model#U32
use org.wasmcloud.model#U64
use org.wasmcloud.model#Unit
use org.wasmcloud.model#n
use org.wasmcloud.model#wasmbus
use org.wasmcloud.model#wasmbusData

/// A service whose messages have every kind of default, in both formats.
@wasmbus(contractId: "example:sampledefaults", actorReceive: true, protocol: "2")
service Defaults {
    version: "1"
    operations: [
        Keep
    ]
}

/// Takes settings and gives more of them.
operation Keep {
    input: Settings
    output: Stores
}

list Stores {
    member: Store
}

/// What is in it takes memory where nothing is said.
@wasmbusData
structure Store {
    @n(0)
    bytes: Blob = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

    @n(1)
    open: Document = {}

    @n(2)
    choice: Choice
}

/// A union of what has no form of its own.
@wasmbusData
union Choice {
    @n(0)
    colour: Colour

    @n(1)
    colours: Colours

    @n(2)
    nothing: Unit
}

list Colours {
    member: Colour
}

/// One default of each kind.
@wasmbusData
structure Settings {
    @n(0)
    retries: Integer = 3

    @n(1)
    greeting: String = "hello"

    @n(2)
    on: Boolean = true

    @n(3)
    zero: Integer = 0

    @n(4)
    colour: Colour = "green"

    @n(5)
    level: Level = 7

    @n(6)
    count: U32 = 1e3

    @n(7)
    least: I64 = -9223372036854775808

    @n(8)
    most: U64 = 18446744073709551615

    @n(9)
    ratio: Double = 1.50

    @n(10)
    short: Float = "-Infinity"

    @n(11)
    unknown: Double = "NaN"

    @n(12)
    bytes: Blob = "aGn/"

    @n(13)
    since: Timestamp = "1985-04-12T23:20:50.52Z"

    @n(14)
    epoch: Timestamp = 0

    @n(15)
    before: Timestamp = -0.5

    @n(16)
    @timestampFormat("http-date")
    date: Timestamp = "Tue, 29 Apr 2014 18:30:38 GMT"

    @n(17)
    text: Document = "x"

    @n(18)
    natural: Document = 0

    @n(19)
    negative: Document = -1

    @n(20)
    fraction: Document = 0.0

    @n(21)
    truth: Document = false

    @n(22)
    array: Document = []

    @n(23)
    object: Document = {}

    @n(24)
    nothing: Document = null

    @n(25)
    names: Names = []

    @n(26)
    @required
    must: String = "must"

    @n(27)
    optional: String
}

enum Colour {
    RED = "red"
    GREEN = "green"
}

intEnum Level {
    LOW = 1
    HIGH = 7
}

list Names {
    member: String
}
