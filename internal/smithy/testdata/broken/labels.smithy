$version: "2"

namespace org.example.broken.labels

service S {
    version: "1"
    operations: [
        Fine
        NoMember
        NoLabel
        Endpoint
        EndpointMember
        EndpointLabel
        Greedy
    ]
}

@readonly
@http(method: "GET", uri: "/fine/{a}/{b}")
operation Fine {
    input := {
        @required
        @httpLabel
        a: String

        @required
        @httpLabel
        b: Integer
    }
}

@http(method: "POST", uri: "/no-member/{a}?x=y")
operation NoMember {
    input := {
        b: String
    }
}

@readonly
@http(method: "GET", uri: "/no-label")
operation NoLabel {
    input := {
        @required
        @httpLabel
        a: String
    }
}

@endpoint(hostPrefix: "{a}.")
operation Endpoint {
    input := {
        @required
        @hostLabel
        a: String
    }
}

@endpoint(hostPrefix: "{a}.")
operation EndpointMember {
    input := {
        a: String
    }
}

@endpoint(hostPrefix: "plain.")
operation EndpointLabel {
    input := {
        @required
        @hostLabel
        a: String
    }
}

@readonly
@http(method: "GET", uri: "/greedy/{a+}")
operation Greedy {
    input := {
        @required
        @httpLabel
        a: Integer
    }
}
