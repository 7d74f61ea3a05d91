$version: "2.0"

// What contracts of wasmCloud do not use, and the specification has.
$operationInputSuffix: "Request"

$operationOutputSuffix: "Response"

metadata validators = []

metadata severityOverrides = [
    {
        id: "HttpMethodSemantics"
        namespace: "org.example.rest"
        severity: "WARNING"
    }
]

namespace org.example.rest

@trait(selector: "service")
@protocolDefinition(
    traits: [
        jsonName
        xmlName
        http
        httpError
    ]
)
structure exampleProtocol {}

@trait(selector: "service")
@authDefinition(
    traits: [
        http
    ]
)
structure exampleAuth {}

@trait(
    selector: "structure"
    breakingChanges: [
        {
            change: "any"
            severity: "DANGER"
            message: "think twice"
        }
    ]
)
@traitValidators(
    "rest.NoBlob": {
        selector: "~> blob"
        severity: "WARNING"
        message: "no bytes here"
    }
)
structure noBytes {}

@title("The rest of it")
@exampleProtocol
@exampleAuth
@httpBasicAuth
@httpDigestAuth
@httpBearerAuth
@httpApiKeyAuth(name: "x-key", in: "header", scheme: "Key")
@auth([httpBasicAuth, exampleAuth])
@cors(
    origin: "https://example.org"
    maxAge: 10
    additionalAllowedHeaders: ["x-a"]
    additionalExposedHeaders: ["x-b"]
)
@xmlNamespace(uri: "https://example.org/ns", prefix: "e")
@paginated(inputToken: "next", outputToken: "next", pageSize: "size")
service Rest {
    version: "2.0"
    operations: [
        Upload
        Watch
    ]
    resources: [
        Shelf
    ]
    errors: [
        Busy
    ]
}

resource Shelf {
    identifiers: {
        shelf: String
    }
    properties: {
        label: String
        books: BookList
    }
    put: PutShelf
    read: GetShelf
    delete: DeleteShelf
    list: ListShelves
    resources: [
        Book
    ]
}

@noReplace
resource Book {
    identifiers: {
        shelf: String
        book: String
    }
    properties: {
        name: String
    }
    put: PutBook
}

@idempotent
@http(method: "PUT", uri: "/shelves/{shelf}", code: 201)
operation PutShelf {
    input := for Shelf {
        @required
        @httpLabel
        $shelf

        @httpHeader("x-label")
        $label

        @notProperty
        @idempotencyToken
        @httpHeader("x-token")
        token: String

        @nestedProperties
        @httpPayload
        inner: ShelfData
    }
}

structure ShelfData for Shelf {
    @xmlName("name")
    @jsonName("name")
    @property(name: "label")
    title: String

    $books
}

@readonly
@optionalAuth
@http(method: "GET", uri: "/shelves/{shelf}")
@examples([
    {
        title: "one"
        input: {
            shelf: "s"
        }
        output: {
            label: "l"
        }
    }
])
operation GetShelf {
    input := for Shelf {
        @required
        @httpLabel
        $shelf

        @notProperty
        @httpHeader("x-trace")
        trace: String

        @notProperty
        @httpPrefixHeaders("x-meta-")
        meta: Strings

        @notProperty
        @httpQuery("deep")
        deep: Boolean = false

        @notProperty
        @httpQueryParams
        more: Strings
    }

    output := for Shelf {
        $label

        @notProperty
        @httpResponseCode
        status: Integer
    }

    errors: [
        Gone
    ]
}

@idempotent
@http(method: "DELETE", uri: "/shelves/{shelf}", code: 204)
operation DeleteShelf {
    input := for Shelf {
        @required
        @httpLabel
        $shelf
    }
}

@readonly
@paginated(items: "shelves")
@http(method: "GET", uri: "/shelves")
operation ListShelves {
    input := {
        @httpQuery("next")
        next: String

        @httpQuery("size")
        @range(min: 1, max: 100)
        size: Integer
    }

    output := {
        next: String

        @required
        shelves: BookList
    }
}

@idempotent
@http(method: "PUT", uri: "/shelves/{shelf}/books/{book+}")
operation PutBook {
    input := for Book {
        @required
        @httpLabel
        $shelf

        @required
        @httpLabel
        $book

        @required
        $name
    }
}

@endpoint(hostPrefix: "{tenant}.data.")
@httpChecksumRequired
@http(method: "POST", uri: "/upload")
operation Upload {
    input := {
        @required
        @hostLabel
        @httpHeader("x-tenant")
        tenant: String

        @required
        @httpPayload
        bytes: Stream
    }
}

@requestCompression(
    encodings: ["gzip"]
)
@http(method: "POST", uri: "/watch")
operation Watch {
    input := {
        from: Long
    }

    output := {
        @httpPayload
        events: Events
    }
}

@streaming
@requiresLength
blob Stream

@streaming
union Events {
    news: News
    busy: Busy
}

structure News {
    @eventHeader
    at: Timestamp

    @eventPayload
    body: Blob
}

@error("server")
@retryable(throttling: true)
@httpError(503)
structure Busy {
    @required
    message: String
}

@error("client")
@httpError(410)
structure Gone {}

@xmlNamespace(uri: "https://example.org/book")
structure BookData {
    @xmlAttribute
    isbn: String

    @xmlFlattened
    authors: BookList

    @recommended(reason: "readers like it")
    blurb: String

    @clientOptional
    @required
    pages: Integer

    @addedDefault
    copies: Integer = 1

    @timestampFormat("epoch-seconds")
    printed: Timestamp

    when: Timestamp = "1985-04-12T23:20:50Z"

    ratio: Double = 0.5

    tags: BookList = []

    props: Strings = {}

    open: Document = null

    bytes: Blob = ""

    colour: Colour = "red"

    size: Size = 2
}

@private
enum Colour {
    RED = "red"

    @deprecated
    GREEN
}

intEnum Size {
    SMALL = 1
    LARGE = 2
}

@default(7)
integer Seven

bigInteger Big

bigDecimal Exact

short Short

byte Byte

long Long

float Float

list BookList {
    @length(min: 1)
    member: String
}

map Strings {
    @pattern("^[a-z]+$")
    key: String

    value: String
}

@references([
    {
        resource: Shelf
        rel: "item"
    }
])
structure UsesSeven {
    @required
    shelf: String


    seven: Seven = 7
    none: Seven = null
}

union Nothing {
    unit: Unit
    text: String
}

apply BookData @documentation("A book.")

apply BookData$isbn {
    @documentation("Its number.")
}
