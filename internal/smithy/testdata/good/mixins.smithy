$version: "2.0"

namespace org.example.mixins

@trait
structure hidden {}

@mixin(localTraits: [hidden])
@hidden
@deprecated
structure Base {
    /// From the base.
    @required
    id: String

    note: String
}

@mixin
structure Middle with [Base] {
    rank: Integer
}

structure Top with [Middle] {
    /// Its own.
    @length(max: 10)
    note: String

    top: Boolean
}

apply Top$id @documentation("Told anew")

structure Other with [Base] {
    $note
}

@mixin
union Choices {
    a: String
}

union AllChoices with [Choices] {
    b: Integer
}

@mixin
operation Failing {
    errors: [
        Oops
    ]
}

operation Run with [Failing] {
    input := with [Base] {}
}

@mixin
enum Colours {
    RED
}

enum MoreColours with [Colours] {
    BLUE
}

@mixin
@length(max: 10)
string Short

string Name with [Short]

@mixin
list AnyList {
    member: String
}

list Words with [AnyList] {}

@error("client")
structure Oops {}

apply Base {
    @tags(["a", "b"])
    @documentation("The base.")
}

apply Base @tags(["c"])
