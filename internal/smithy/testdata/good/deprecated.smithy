$version: "2"

namespace org.example.deprecated

/// Nobody should use it.
@trait
@deprecated(message: "use new", since: "1.1")
structure old {}

@trait
@deprecated
structure older {}

@old
structure A {
    @older
    member: Gone

    list: GoneList

    map: GoneMap

    @deprecated
    alone: String
}

@deprecated(message: "write String", since: "2020")
string Gone

list GoneList {
    member: Gone
}

map GoneMap {
    key: Gone
    value: Gone
}

@deprecated
structure GoneMessage {
    member: Gone
}

@deprecated
operation GoneOperation {
    input: GoneMessage
    output: GoneOutput
    errors: [
        GoneError
        AnError
    ]
}

@error("server")
structure AnError {}

@deprecated
structure GoneOutput {}

@deprecated
@error("client")
structure GoneError {}

operation Current {
    input: CurrentInput
    output: GoneOutput
}

structure CurrentInput {
    @suppress(["DeprecatedShape"])
    quiet: Gone
}

@deprecated
resource GoneResource {
    identifiers: {
        id: Gone
    }
}

service S {
    version: "1"
    operations: [
        GoneOperation
        Current
    ]
    resources: [
        GoneResource
        AResource
    ]
    errors: [
        GoneError
        AnError
    ]
}

resource AResource {
    operations: [
        Second
        First
    ]
    resources: [
        Zebra
        Ape
    ]
}

operation Second {}

operation First {}

resource Zebra {}

resource Ape {}

@deprecated
@mixin
structure GoneMixin {}

structure Mixed with [GoneMixin] {}
