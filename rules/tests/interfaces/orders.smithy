$version: "2"

metadata package = [
    {
        namespace: "org.example.orders"
        crate: "orders"
    }
]

namespace org.example.orders

use org.example.money#Amount

/// An order.
structure Order {
    @required
    price: Amount
}
