$version: "2"

namespace ex

use org.wasmcloud.model#n
use org.wasmcloud.model#wasmbus

@wasmbus(contractId: 1)
structure A {
    @n(-1)
    a: String

    @n("x")
    b: String
}

@n(1)
string C
