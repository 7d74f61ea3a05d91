$version: "2"

namespace org.example.broken.httpmembers

service S {
    version: "1"
    operations: [
        Headers
        Payload
        Query
        Params
        Codes
    ]
}

@http(method: "POST", uri: "/headers")
operation Headers {
    input := {
        @httpHeader("X-A")
        a: String

        @httpHeader("x-a")
        b: String

        @httpHeader("Content-Length")
        c: Integer

        @httpHeader("X-Pre-One")
        d: String

        @httpPrefixHeaders("x-pre-")
        e: Strings
    }
}

@http(method: "POST", uri: "/payload")
operation Payload {
    input := {
        @httpPayload
        a: Blob

        b: String
    }

    output := {
        @httpPayload
        a: Blob

        b: String
    }

    errors: [
        PayloadError
    ]
}

@error("client")
structure PayloadError {
    @httpPayload
    a: Blob

    b: String
}

@http(method: "POST", uri: "/query?fixed=1")
operation Query {
    input := {
        @httpQuery("q")
        a: String

        @httpQuery("q")
        b: String

        @httpQuery("fixed")
        c: String
    }
}

@http(method: "POST", uri: "/params")
operation Params {
    input := {
        @httpQuery("q")
        a: String

        @httpQueryParams
        b: Strings
    }
}

@http(method: "POST", uri: "/codes")
operation Codes {
    input := {
        inner: Inner
    }

    output: Out
}

structure Out {
    @httpResponseCode
    code: Integer

    @httpLabel
    @required
    label: String
}

structure Inner {
    @httpHeader("x-b")
    b: String

    @httpResponseCode
    code: Integer

    @httpQuery("q")
    q: String
}

map Strings {
    key: String
    value: String
}
