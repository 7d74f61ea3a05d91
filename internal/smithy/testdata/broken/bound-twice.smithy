$version: "2"

namespace ex

service S {
    version: "1"
    resources: [R, Q]
    operations: [O]
}

resource R {
    operations: [O]
}

resource Q {
    operations: [O]
}

operation O {}
