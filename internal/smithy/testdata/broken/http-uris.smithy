$version: "2"

namespace org.example.broken.httpuris

service S {
    version: "1"
    operations: [
        GreedyFirst
        TwoGreedy
        Dots
        Relative
        Space
        Trailing
    ]
}

@http(method: "POST", uri: "/{a+}/{b}")
operation GreedyFirst {
    input := {
        @required
        @httpLabel
        a: String

        @required
        @httpLabel
        b: String
    }
}

@http(method: "POST", uri: "/two/{a+}/{b+}")
operation TwoGreedy {
    input := {
        @required
        @httpLabel
        a: String

        @required
        @httpLabel
        b: String
    }
}

@http(method: "POST", uri: "/dots/../x")
operation Dots {}

@http(method: "POST", uri: "/dots/./y")
operation Relative {}

@http(method: "POST", uri: "/with space")
operation Space {}

@http(method: "POST", uri: "/trailing/")
operation Trailing {}
