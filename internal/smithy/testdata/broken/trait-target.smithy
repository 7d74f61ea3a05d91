$version: "2"

namespace ex

@required
structure A {}

@length(min: 1)
structure B {}

@readonly
string C

@trait(selector: "string")
structure only {}

@only
integer D

structure E {
    @only
    a: String
}

@sparse
string F
