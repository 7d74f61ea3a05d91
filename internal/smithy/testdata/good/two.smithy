$version: "2"

metadata suppressions = [
    {
        id: "UnreferencedShape"
        namespace: "org.example.two"
        reason: "a test"
    }
]

namespace org.example.two

/// A store.
service Store {
    version: "2020-01-01"
    operations: [
        Buy
    ]
    resources: [
        Thing
    ]
    errors: [
        Broken
    ]
    rename: {
        "org.example.two#Word": "Term"
    }
}

resource Thing {
    identifiers: { thingId: ThingId }
    properties: { colour: Colour, size: Size }
    create: CreateThing
    read: GetThing
    list: ListThings
    delete: DeleteThing
}

string ThingId

operation CreateThing {
    input := for Thing {
        @required
        $colour

        $size
    }
    output := for Thing {
        @required
        $thingId
    }
}

@readonly
operation GetThing {
    input := for Thing {
        @required
        $thingId
    }
    output := for Thing {
        @required
        $thingId

        $colour
    }
}

@readonly
operation ListThings {
    input := {}
    output := {
        @required
        things: Things
    }
}

@idempotent
operation DeleteThing {
    input := for Thing {
        @required
        $thingId
    }
    errors: [
        NotFound
    ]
}

operation Buy {
    input := {
        @required
        words: WordList

        count: Integer = 1

        price: Size = "small"

        ready: Boolean = true

        nothing: String = null
    }
}

list WordList {
    member: Word
}

list Things {
    member: Summary
}

structure Summary for Thing {
    @required
    $thingId
}

string Word

enum Colour {
    RED

    /// Like grass.
    GREEN = "green"

    @deprecated
    BLUE
}

enum Size {
    SMALL = "small"
    BIG = "big"
}

intEnum Level {
    LOW = 1
    HIGH = 10
}

@error("client")
structure NotFound {
    message: String
}

@error("server")
@retryable
structure Broken {
    @required
    message: String
}
