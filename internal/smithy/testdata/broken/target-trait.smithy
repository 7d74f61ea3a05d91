$version: "2"

namespace ex

@trait
structure t {}

structure A {
    t: t
    m: Private
}

@private
string Private
