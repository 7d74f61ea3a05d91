$version: "2"

namespace ex

@mediaType("nope")
string A
