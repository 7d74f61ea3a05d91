$version: "2"

namespace ex

set S {
    member: String
}
