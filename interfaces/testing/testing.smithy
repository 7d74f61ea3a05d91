// The contract wasmcloud:testing. Who calls an actor that may be old sends MessagePack, which every
// generation reads, and is answered in either format.
metadata package = [
    {
        namespace: "org.wasmcloud.interface.testing"
        crate: "wasmcloud_interface_testing"
        py_module: "wasmcloud_interface_testing"
    }
]

namespace org.wasmcloud.interface.testing

use org.wasmcloud.model#n
use org.wasmcloud.model#wasmbus
use org.wasmcloud.model#wasmbusData

/// Tests that an actor runs within itself.
@wasmbus(contractId: "wasmcloud:testing", actorReceive: true, providerReceive: true, protocol: "2")
service Testing {
    version: "0.1"
    operations: [
        Start
    ]
}

/// Runs tests and tells how they went.
operation Start {
    input: TestOptions
    output: TestResults
}

/// Which tests are to run, and how.
@wasmbusData
structure TestOptions {
    /// Regular expressions: a test runs if one of them fits its name.
    @n(0)
    @required
    patterns: PatternList

    /// Settings of the tests, whose values are JSON.
    @n(1)
    @required
    options: OptionMap
}

/// How one test went.
@wasmbusData
structure TestResult {
    /// The name of the test.
    @n(0)
    @required
    name: String

    /// Whether it passed.
    @n(1)
    @required
    passed: Boolean

    /// More about it in JSON, under "error" if it failed.
    @n(2)
    snapData: Blob
}

/// Regular expressions.
list PatternList {
    member: String
}

/// Settings by their names.
map OptionMap {
    key: String
    value: String
}

/// How all tests went.
list TestResults {
    member: TestResult
}
