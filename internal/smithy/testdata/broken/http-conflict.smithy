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
        M
        N
        O
        P
        Q
        R
        T
        U
        V
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

// Labels of other names take the same, whatever their patterns say.
@http(method: "POST", uri: "/label/{b}")
operation M {
    input := {
        @required
        @httpLabel
        @pattern("^[a-z]+$")
        b: String
    }
}

@http(method: "POST", uri: "/greedy/{other+}")
operation N {
    input := {
        @required
        @httpLabel
        other: String
    }
}

@http(method: "POST", uri: "/query?a=1&b")
operation O {}

@http(method: "POST", uri: "/query?b=&a=1")
operation P {}

@http(method: "POST", uri: "/query?a=2&b")
operation Q {}

@endpoint(hostPrefix: "{a}.")
@http(method: "POST", uri: "/hosts")
operation R {
    input := {
        @required
        @hostLabel
        a: String
    }
}

@endpoint(hostPrefix: "{a}.")
@http(method: "POST", uri: "/other-hosts")
operation T {
    input := {
        @required
        @hostLabel
        @pattern("^[0-9]+$")
        a: String
    }
}

@endpoint(hostPrefix: "abc.")
@http(method: "POST", uri: "/other-hosts")
operation U {}

@endpoint(hostPrefix: "{a}.x.")
@http(method: "POST", uri: "/other-hosts")
operation V {
    input := {
        @required
        @hostLabel
        @pattern("^[0-9]+$")
        a: String
    }
}
