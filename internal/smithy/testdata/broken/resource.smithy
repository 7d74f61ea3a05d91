$version: "2"

namespace ex

service S {
    version: "1"
    resources: [R, Q]
}

resource R {
    identifiers: { id: Integer }
    read: Get
    put: Get
}

resource Q {
    resources: [Q]
}

operation Get {}
