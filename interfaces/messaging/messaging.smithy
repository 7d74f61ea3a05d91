// The contract wasmcloud:messaging.
metadata package = [
    {
        namespace: "org.wasmcloud.interface.messaging"
        crate: "wasmcloud_interface_messaging"
        py_module: "wasmcloud_interface_messaging"
    }
]

namespace org.wasmcloud.interface.messaging

use org.wasmcloud.model#U32
use org.wasmcloud.model#n
use org.wasmcloud.model#wasmbus
use org.wasmcloud.model#wasmbusData

/// Sends messages to subjects of a broker.
@wasmbus(contractId: "wasmcloud:messaging", providerReceive: true)
service Messaging {
    version: "0.1"
    operations: [
        Publish
        Request
    ]
}

/// Actors take messages of the subjects that their link names.
@wasmbus(contractId: "wasmcloud:messaging", actorReceive: true)
service MessageSubscriber {
    version: "0.1"
    operations: [
        HandleMessage
    ]
}

/// Sends a message; it is sent when the call returns.
operation Publish {
    input: PubMessage
}

/// Sends a message and waits for an answer to it.
operation Request {
    input: RequestMessage
    output: ReplyMessage
}

/// Takes a message.
operation HandleMessage {
    input: SubMessage
}

/// A message to be sent.
@wasmbusData
structure PubMessage {
    /// The subject.
    @n(0)
    @required
    subject: String

    /// The subject for an answer, if one is wanted.
    @n(1)
    replyTo: String

    /// What is said.
    @n(2)
    @required
    body: Blob
}

/// The answer to a request.
@wasmbusData
structure ReplyMessage {
    /// The subject.
    @n(0)
    @required
    subject: String

    /// The subject for an answer, if one is wanted.
    @n(1)
    replyTo: String

    /// What is said.
    @n(2)
    @required
    body: Blob
}

/// A message that came in.
@wasmbusData
structure SubMessage {
    /// The subject.
    @n(0)
    @required
    subject: String

    /// The subject for an answer, if one is wanted.
    @n(1)
    replyTo: String

    /// What is said.
    @n(2)
    @required
    body: Blob
}

/// A message that wants an answer.
@wasmbusData
structure RequestMessage {
    /// The subject.
    @n(0)
    @required
    subject: String

    /// What is said.
    @n(1)
    @required
    body: Blob

    /// How long to wait, in milliseconds.
    @n(2)
    @required
    timeoutMs: U32
}
