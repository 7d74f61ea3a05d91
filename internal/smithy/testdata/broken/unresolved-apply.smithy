$version: "2"

namespace ex

apply Missing @deprecated

structure A {}

apply A$b @required
