$version: "2"

namespace ex

@deprecated
