namespace org.example.httpserver

use org.wasmcloud.model#U16
use org.wasmcloud.model#n
use org.wasmcloud.model#wasmbus
use org.wasmcloud.model#wasmbusData

/// HttpServer is the contract to be implemented by an actor
@wasmbus(contractId: "example:httpserver", actorReceive: true, protocol: "0")
service HttpServer {
    version: "0.1"
    operations: [
        HandleRequest
    ]
}

@wasmbusData
structure HttpRequest {
    @n(0)
    @required
    method: String

    @n(1)
    @required
    header: HeaderMap

    @n(2)
    @required
    body: Blob
}

/// The status defaults to 200.
@wasmbusData
structure HttpResponse {
    @n(0)
    @required
    statusCode: U16

    @n(1)
    header: HeaderMap

    @n(2)
    body: Blob
}

map HeaderMap {
    key: String
    value: HeaderValues
}

list HeaderValues {
    member: String
}

operation HandleRequest {
    input: HttpRequest
    output: HttpResponse
}
