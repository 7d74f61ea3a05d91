$version: "2"

namespace ex

@range
integer D

@length
string E
