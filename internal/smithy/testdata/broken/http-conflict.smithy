$version: "2"

namespace org.example.broken.httpconflict

service S {
    version: "1"
    operations: [
        A
        B
        C
        D
        E
        F
        G
        H
        I
        J
        K
        L
    ]
}

service Other {
    version: "1"
    operations: [
        Elsewhere
    ]
}

@http(method: "POST", uri: "/same")
operation A {}

@http(method: "POST", uri: "/same")
operation B {}

@http(method: "POST", uri: "/same?x=1")
operation C {}

@idempotent
@http(method: "PUT", uri: "/same")
operation D {}

@http(method: "POST", uri: "/label/{a}")
operation E {
    input := {
        @required
        @httpLabel
        a: String
    }
}

@http(method: "POST", uri: "/label/fixed")
operation F {}

@http(method: "POST", uri: "/pattern/{a}")
operation G {
    input := {
        @required
        @httpLabel
        @pattern("^[0-9]+$")
        a: String
    }
}

@http(method: "POST", uri: "/pattern/fixed")
operation H {}

@http(method: "POST", uri: "/greedy/{a+}")
operation I {
    input := {
        @required
        @httpLabel
        a: String
    }
}

@http(method: "POST", uri: "/greedy/{a}/tail")
operation J {
    input := {
        @required
        @httpLabel
        a: String
    }
}

@endpoint(hostPrefix: "one.")
@http(method: "POST", uri: "/hosts")
operation K {}

@http(method: "POST", uri: "/hosts")
operation L {}

@http(method: "POST", uri: "/same")
operation Elsewhere {}
