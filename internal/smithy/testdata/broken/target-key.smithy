$version: "2"

namespace ex

map M {
    key: Integer
    value: String
}
