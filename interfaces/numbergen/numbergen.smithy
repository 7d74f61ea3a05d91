// The contract wasmcloud:builtin:numbergen, which every host serves without a link.
metadata package = [
    {
        namespace: "org.wasmcloud.interface.numbergen"
        crate: "wasmcloud_interface_numbergen"
        py_module: "wasmcloud_interface_numbergen"
    }
]

namespace org.wasmcloud.interface.numbergen

use org.wasmcloud.model#U32
use org.wasmcloud.model#n
use org.wasmcloud.model#wasmbus
use org.wasmcloud.model#wasmbusData

/// Random numbers.
@wasmbus(contractId: "wasmcloud:builtin:numbergen", providerReceive: true)
service NumberGen {
    version: "0.1"
    operations: [
        GenerateGuid
        RandomInRange
        Random32
    ]
}

/// Gives a random UUID (version 4) with hyphens.
operation GenerateGuid {
    output: String
}

/// Gives a number between two, both included.
operation RandomInRange {
    input: RangeLimit
    output: U32
}

/// Gives a number of 32 bits.
operation Random32 {
    output: U32
}

/// The bounds of a random number.
@wasmbusData
structure RangeLimit {
    /// The least it can be.
    @n(0)
    @required
    min: U32

    /// The most it can be.
    @n(1)
    @required
    max: U32
}
