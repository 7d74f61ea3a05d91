// The contract wasmcloud:httpserver, as real hosts and providers speak it.
metadata package = [
    {
        namespace: "org.wasmcloud.interface.httpserver"
        crate: "wasmcloud_interface_httpserver"
        py_module: "wasmcloud_interface_httpserver"
    }
]

namespace org.wasmcloud.interface.httpserver

use org.wasmcloud.model#U16
use org.wasmcloud.model#n
use org.wasmcloud.model#rename
use org.wasmcloud.model#wasmbus
use org.wasmcloud.model#wasmbusData

/// Actors answer HTTP requests that a provider receives.
@wasmbus(contractId: "wasmcloud:httpserver", actorReceive: true, protocol: "0")
service HttpServer {
    version: "0.1"
    operations: [
        HandleRequest
    ]
}

/// Answers a request. An error becomes an answer with the status 500.
operation HandleRequest {
    input: HttpRequest
    output: HttpResponse
}

/// A request as it came in.
@wasmbusData
structure HttpRequest {
    /// GET, POST and so on.
    @n(0)
    @required
    method: String

    /// The path, without a query.
    @n(1)
    @required
    path: String

    /// What stands behind the question mark, "" for nothing.
    @n(2)
    @rename([
        {
            lang: "go"
            name: "Query"
        }
    ])
    @required
    queryString: String

    /// The headers; names are in lower case.
    @n(3)
    @required
    header: HeaderMap

    /// The body, empty for none.
    @n(4)
    @required
    body: Blob
}

/// The answer.
@wasmbusData
structure HttpResponse {
    /// The status, such as 200. It must be sent: receivers take 0 for one that is missing.
    @n(0)
    @rename([
        {
            lang: "go"
            name: "Status"
        }
    ])
    @required
    statusCode: U16

    /// The headers. They must be sent, if only as an empty map.
    @n(1)
    @required
    header: HeaderMap

    /// The body, empty for none.
    @n(2)
    @required
    body: Blob
}

/// Headers by their names.
map HeaderMap {
    key: String
    value: HeaderValues
}

/// The values of one header.
list HeaderValues {
    member: String
}
