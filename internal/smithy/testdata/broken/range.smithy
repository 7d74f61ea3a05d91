$version: "2"

namespace ex

@range(min: 2, max: 1)
integer A

@length(min: 3, max: 2)
string B

@length(min: -1)
string B2

@range(min: 1.5)
integer C
