$version: "2"

namespace org.example.broken.httpmethods

service S {
    version: "1"
    operations: [
        Fine
        GetNotReadonly
        GetWithBody
        PutNotIdempotent
        PostReadonly
        DeleteWithPayload
        PatchIdempotent
        Custom
        NoHttp
        BadCode
        NoContent
    ]
    errors: [
        ClientError
        ServerError
        RightError
    ]
}

@readonly
@http(method: "GET", uri: "/fine")
operation Fine {
    input := {
        @httpQuery("q")
        q: String
    }
}

@http(method: "GET", uri: "/get-not-readonly")
operation GetNotReadonly {}

@readonly
@http(method: "get", uri: "/get-with-body")
operation GetWithBody {
    input := {
        body: String
    }
}

@http(method: "PUT", uri: "/put")
operation PutNotIdempotent {
    input := {
        body: String
    }
}

@readonly
@http(method: "POST", uri: "/post")
operation PostReadonly {}

@idempotent
@http(method: "DELETE", uri: "/delete")
operation DeleteWithPayload {
    input := {
        @httpPayload
        body: Blob
    }
}

@idempotent
@http(method: "PATCH", uri: "/patch")
operation PatchIdempotent {}

@http(method: "BREW", uri: "/pot")
operation Custom {}

operation NoHttp {}

@http(method: "POST", uri: "/code", code: 404)
operation BadCode {}

@http(method: "POST", uri: "/no-content", code: 204)
operation NoContent {
    output := {
        body: String

        @httpHeader("x-a")
        a: String
    }
}

@error("client")
@httpError(500)
structure ClientError {}

@error("server")
@httpError(404)
structure ServerError {}

@error("client")
@httpError(404)
structure RightError {}
