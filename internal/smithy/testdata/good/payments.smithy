// An interface as the tutorials have it.
metadata package = [
    {
        namespace: "org.example.payments"
        crate: "example_payments"
    }
]

namespace org.example.payments

use org.wasmcloud.model#U32
use org.wasmcloud.model#n
use org.wasmcloud.model#wasmbus
use org.wasmcloud.model#wasmbusData

/// Takes payments.
@wasmbus(contractId: "example:payments", providerReceive: true)
service Payments {
    version: "0.1"
    operations: [
        AuthorizePayment
        CompletePayment
    ]
}

/// Asks whether a payment would be taken.
operation AuthorizePayment {
    input: AuthorizePaymentRequest
    output: AuthorizePaymentResponse
}

/// Takes an authorized payment.
operation CompletePayment {
    input: CompletePaymentRequest
    output: CompletePaymentResponse
}

/// What is to be paid.
@wasmbusData
structure AuthorizePaymentRequest {
    /// In cents.
    @n(0)
    @required
    amount: U32

    @n(1)
    tax: U32

    @n(2)
    @required
    paymentMethod: String

    @n(3)
    note: String
}

@wasmbusData
structure AuthorizePaymentResponse {
    @n(0)
    @required
    success: Boolean

    @n(1)
    authCode: String

    @n(2)
    failReason: String
}

@wasmbusData
structure CompletePaymentRequest {
    @n(0)
    @required
    authCode: String
}

@wasmbusData
structure CompletePaymentResponse {
    @n(0)
    @required
    success: Boolean

    @n(1)
    txid: String

    @n(2)
    at: Timestamp
}
