$version: "2"

namespace ex

@ required
structure A {}
