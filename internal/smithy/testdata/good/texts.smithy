$version: "2"

metadata note = "über \u00e9 \"quoted\" \\ \t"

metadata deep = {
    list: [1, 2.5, -3, 1e3, true, null]
    object: {
        a: {
            b: []
        }
        c: {}
    }
    "a key": "a value"
}

namespace org.example.texts

/// One line.
///
///     indented
/// * list
@externalDocumentation(Home: "https://example.org", "The API": "https://example.org/api")
@documentationNote(
    """
    First
      second
    third "quoted"
    """
)
structure Noted {
    @documentationNote("short")
    a: String

    // an ordinary comment
    /// and documentation
    b: String
}

@trait
string documentationNote

@deprecated(message: "old", since: "1.0")
@since("0.9")
@unstable
@internal
@sensitive
@mediaType("text/plain")
string Old

@timestampFormat("date-time")
timestamp When

@sparse
list Holes {
    member: String
}

@uniqueItems
list Once {
    member: String
}

@sparse
map Gaps {
    key: String
    value: Integer
}

@range(min: 0.5, max: 100)
double Ratio

@idRef(failWhenMissing: true, selector: "structure")
string StructureName

structure Tree {
    left: Tree
    right: Trees
}

list Trees {
    member: Tree
}

@trait(selector: "structure", conflicts: [second], structurallyExclusive: "target")
structure first {}

@trait
structure second {
    shape: StructureName
    many: Many
    level: Level
    value: Document
}

list Many {
    member: StructureName
}

enum Level {
    LOW = "low"
    HIGH = "high"
}

@second(shape: Tree, many: [Tree, Noted], level: "low", value: { x: [1] })
structure Marked {}
