$version: "2"

metadata package = [
    {
        namespace: "org.example.money"
        crate: "money"
    }
]

namespace org.example.money

/// An amount.
structure Amount {
    @required
    cents: Long
}
