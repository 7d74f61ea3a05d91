$version: "2"

namespace ex

service S {
    version: 1
    foo: "bar"
}
