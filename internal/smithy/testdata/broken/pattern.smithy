$version: "2"

namespace ex

@pattern("[")
string A

@pattern("a{2,1}")
string B
