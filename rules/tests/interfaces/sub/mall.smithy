$version: "2"

metadata package = [
    {
        namespace: "org.example.mall"
        crate: "mall"
    }
]

namespace org.example.mall

use org.example.orders#Order

/// A sale.
structure Sale {
    @required
    order: Order
}
