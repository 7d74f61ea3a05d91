// Who may pay, and what was paid.
$version: "2"

metadata package = [
    {
        namespace: "org.example.payments"
        crate: "payments_interface"
    }
]

namespace org.example.payments

use org.wasmcloud.model#U64
use org.wasmcloud.model#n
use org.wasmcloud.model#wasmbus
use org.wasmcloud.model#wasmbusData

/// Sets money aside and pays with it.
@wasmbus(contractId: "example:payments", providerReceive: true)
service Payments {
    version: "0.1.0"
    operations: [
        Authorize
        Complete
    ]
}

/// Asks whether a payment may be made, and sets the money aside for it.
operation Authorize {
    input: AuthorizeRequest
    output: AuthorizeResponse
}

/// Pays what was authorized, once.
operation Complete {
    input: CompleteRequest
    output: Receipt
}

/// The payment that is to be made.
@wasmbusData
structure AuthorizeRequest {
    /// Who is paid.
    @n(0)
    @required
    payee: String

    /// How much.
    @n(1)
    @required
    amount: Amount
}

/// Whether it may be made.
@wasmbusData
structure AuthorizeResponse {
    /// Whether the money was set aside.
    @n(0)
    @required
    approved: Boolean

    /// What completes the payment, if it was.
    @n(1)
    token: String

    /// Why not, if it was not.
    @n(2)
    reason: String
}

/// The payment that is completed.
@wasmbusData
structure CompleteRequest {
    /// What Authorize gave.
    @n(0)
    @required
    token: String
}

/// What was paid.
@wasmbusData
structure Receipt {
    /// Who was paid.
    @n(0)
    @required
    payee: String

    /// How much.
    @n(1)
    @required
    amount: Amount
}

/// An amount of money.
@wasmbusData
structure Amount {
    /// In the hundredth part of the currency.
    @n(0)
    @required
    cents: U64

    /// As in ISO 4217: EUR.
    @n(1)
    @required
    currency: String
}
