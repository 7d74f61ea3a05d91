$version: "2"

namespace ex

structure A {
    a String
    b: String
    c:: String
}

foo B

structure C { : }

list D {
    member: String
}
