$version: "2"

namespace ex

@trait
structure t {
    a: Document
}

@t(a: Missing)
structure A {}

@t(a: [A, ex#A$b])
structure B {}
