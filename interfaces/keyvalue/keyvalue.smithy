// The contract wasmcloud:keyvalue. Many messages are bare strings, numbers and lists:
// `smithy validate` takes those with --bare-messages.
metadata package = [
    {
        namespace: "org.wasmcloud.interface.keyvalue"
        crate: "wasmcloud_interface_keyvalue"
        py_module: "wasmcloud_interface_keyvalue"
    }
]

namespace org.wasmcloud.interface.keyvalue

use org.wasmcloud.model#I32
use org.wasmcloud.model#U32
use org.wasmcloud.model#n
use org.wasmcloud.model#wasmbus
use org.wasmcloud.model#wasmbusData

/// A store of strings, lists and sets under keys.
@wasmbus(contractId: "wasmcloud:keyvalue", providerReceive: true)
service KeyValue {
    version: "0.1.1"
    operations: [
        Get
        Set
        Del
        Contains
        Increment
        ListAdd
        ListDel
        ListRange
        ListClear
        SetAdd
        SetDel
        SetQuery
        SetUnion
        SetIntersection
        SetClear
    ]
}

/// Reads the value of a key.
@readonly
operation Get {
    input: String
    output: GetResponse
}

/// Writes the value of a key.
operation Set {
    input: SetRequest
}

/// Removes a key; true if it was there.
operation Del {
    input: String
    output: Boolean
}

/// Tells whether a key is there.
@readonly
operation Contains {
    input: String
    output: Boolean
}

/// Adds to a number and gives the sum; a key that is not there counts as 0.
operation Increment {
    input: IncrementRequest
    output: I32
}

/// Appends to a list and gives its new length.
operation ListAdd {
    input: ListAddRequest
    output: U32
}

/// Removes the first such value of a list; true if there was one.
operation ListDel {
    input: ListDelRequest
    output: Boolean
}

/// Reads part of a list.
@readonly
operation ListRange {
    input: ListRangeRequest
    output: StringList
}

/// Removes a list; true if it was there.
operation ListClear {
    input: String
    output: Boolean
}

/// Adds to a set and gives how many values are new: 1 or 0.
operation SetAdd {
    input: SetAddRequest
    output: U32
}

/// Removes from a set and gives how many values went: 1 or 0.
operation SetDel {
    input: SetDelRequest
    output: U32
}

/// Reads a set.
@readonly
operation SetQuery {
    input: String
    output: StringList
}

/// Reads what is in one of the named sets, two or more.
@readonly
operation SetUnion {
    input: StringList
    output: StringList
}

/// Reads what is in all of the named sets, two or more.
@readonly
operation SetIntersection {
    input: StringList
    output: StringList
}

/// Removes a set; true if it was there.
operation SetClear {
    input: String
    output: Boolean
}

/// What Get found.
@wasmbusData
structure GetResponse {
    /// The value, "" if there is none.
    @n(0)
    @required
    value: String

    /// Whether the key is there.
    @n(1)
    @required
    exists: Boolean
}

/// What Set writes.
@wasmbusData
structure SetRequest {
    /// The key.
    @n(0)
    @required
    key: String

    /// The value.
    @n(1)
    @required
    value: String

    /// After how many seconds it goes; 0 for never.
    @n(2)
    @required
    expires: U32
}

/// What Increment adds.
@wasmbusData
structure IncrementRequest {
    /// The key.
    @n(0)
    @required
    key: String

    /// The number to add, which may be negative.
    @n(1)
    @required
    value: I32
}

/// What ListAdd appends.
@wasmbusData
structure ListAddRequest {
    /// The key of the list.
    @n(0)
    @required
    listName: String

    /// The value.
    @n(1)
    @required
    value: String
}

/// What ListDel removes.
@wasmbusData
structure ListDelRequest {
    /// The key of the list.
    @n(0)
    @required
    listName: String

    /// The value.
    @n(1)
    @required
    value: String
}

/// Which part ListRange reads.
@wasmbusData
structure ListRangeRequest {
    /// The key of the list.
    @n(0)
    @required
    listName: String

    /// The index of the first value, from 0.
    @n(1)
    @required
    start: I32

    /// The index of the last value; one past the end means the end.
    @n(2)
    @required
    stop: I32
}

/// What SetAdd adds.
@wasmbusData
structure SetAddRequest {
    /// The key of the set.
    @n(0)
    @required
    setName: String

    /// The value.
    @n(1)
    @required
    value: String
}

/// What SetDel removes.
@wasmbusData
structure SetDelRequest {
    /// The key of the set.
    @n(0)
    @required
    setName: String

    /// The value.
    @n(1)
    @required
    value: String
}

/// Strings: values, or the keys of sets.
list StringList {
    member: String
}
