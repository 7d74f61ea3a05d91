$version: "2"

namespace ex

union U {}

union V {
    @required
    a: String

    b: Integer = 1
}
