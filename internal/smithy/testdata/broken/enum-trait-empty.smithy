$version: "2"

namespace ex

@enum([])
string A

@enum([{ name: "X" }])
string E
