$version: "2"

namespace ex

@trait
@idRef(failWhenMissing: true, selector: "structure")
string ref

@ref("ex#Missing")
structure A {}

@ref("ex#Text")
structure B {}

@ref("not an id")
structure C {}

string Text

@ref(A)
structure D {}
