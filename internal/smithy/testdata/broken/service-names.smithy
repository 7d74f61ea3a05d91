$version: "2"

namespace ex

service S {
    version: "1"
    operations: [O, P]
}

operation O {
    input := {
        a: org.wasmcloud.model#IdentifierList
        b: IdentifierList
    }
}

operation P {}

structure IdentifierList {}
