$version: "2.0"

metadata validators = [
    {
        name: "EmitEachSelector"
        id: "NoBlob"
        severity: "WARNING"
        message: "no bytes: {super}"
        configuration: { selector: "structure > member :test(> blob)" }
    }
    {
        name: "EmitEachSelector"
        id: "Dated.Twice"
        severity: "NOTE"
        configuration: {
            selector: "*"
            bindToTrait: since
            messageTemplate: "@{id} is of @{trait|since}, @@home @{trait|nothing}"
        }
    }
    {
        name: "EmitEachSelector"
        id: "ElseWhere"
        severity: "WARNING"
        namespaces: ["org.example.elsewhere"]
        configuration: { selector: "*" }
    }
    {
        name: "EmitEachSelector"
        id: "Chosen"
        severity: "WARNING"
        namespaces: ["org.example.validators", "org.example.elsewhere"]
        selector: "structure"
        configuration: { selector: "[id|name *= e]" }
    }
    {
        name: "EmitEachSelector"
        id: "NoSuchTrait"
        configuration: { selector: "*", bindToTrait: "org.example#nope" }
    }
    {
        name: "EmitNoneSelector"
        id: "Service"
        configuration: { selector: "service" }
    }
    {
        name: "EmitNoneSelector"
        severity: "WARNING"
        message: "there should be a map"
        configuration: { selector: "map" }
    }
    {
        name: "UnreferencedShape"
        namespaces: ["org.example.validators"]
    }
    {
        name: "MissingDocumentation"
    }
]

metadata suppressions = [
    {
        id: "NoBlob"
        namespace: "org.example.none"
    }
]

namespace org.example.validators

@since("1")
service First {
    version: "1"
    operations: [
        Send
    ]
    resources: [
        Box
    ]
}

@see(
    shapes: [Seen]
    byName: { "org.example.validators#Named": SeenByKey }
    also: "org.example.validators#Unseen"
)
operation Send {
    input := with [Mixed] {
        message: Inner
    }
}

resource Box {
    identifiers: { id: BoxID }
}

string BoxID

structure Inner {}

@mixin
structure Mixed {
    mixed: InMixin
}

structure InMixin {}

@mixin
structure NotMixed {}

@trait
structure see {
    shapes: Shapes
    byName: ByName
    also: String
}

list Shapes {
    @idRef
    member: String
}

map ByName {
    key: ID
    value: ID
}

@idRef
string ID

structure Seen {
    within: SeenWithin
}

structure SeenWithin {}

structure SeenByKey {}

structure Named {}

structure Unseen {}

/// Its bytes are warned of.
@since("2")
structure Message {
    bytes: Blob

    @suppress(["NoBlob"])
    more: Blob

    text: String
}
