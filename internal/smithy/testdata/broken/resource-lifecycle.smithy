$version: "2"

namespace ex

resource R {
    identifiers: { id: String }
    read: Get
    delete: Delete
    list: List
    create: Create
}

@readonly
operation Get {}

operation Delete {
    input := {
        @required
        id: String
    }
}

operation List {}

@readonly
operation Create {}
