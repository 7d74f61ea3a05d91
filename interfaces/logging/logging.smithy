// The contract wasmcloud:builtin:logging, which every host serves without a link.
metadata package = [
    {
        namespace: "org.wasmcloud.interface.logging"
        crate: "wasmcloud_interface_logging"
        py_module: "wasmcloud_interface_logging"
    }
]

namespace org.wasmcloud.interface.logging

use org.wasmcloud.model#n
use org.wasmcloud.model#wasmbus
use org.wasmcloud.model#wasmbusData

/// The log of a host.
@wasmbus(contractId: "wasmcloud:builtin:logging", providerReceive: true)
service Logging {
    version: "0.1"
    operations: [
        WriteLog
    ]
}

/// Writes a line to the log.
operation WriteLog {
    input: LogEntry
}

/// A line of a log.
@wasmbusData
structure LogEntry {
    /// debug, info, warn or error; hosts write an unknown one as an error.
    @n(0)
    @required
    level: String

    /// What is to be said.
    @n(1)
    @required
    text: String
}
