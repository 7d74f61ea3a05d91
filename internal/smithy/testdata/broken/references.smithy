$version: "2"

namespace ex

@references([{ resource: Missing }])
structure A {}

@references([{ resource: B }])
structure B {}
