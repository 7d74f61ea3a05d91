$version: "2"

namespace ex

structure A {} structure B {}
