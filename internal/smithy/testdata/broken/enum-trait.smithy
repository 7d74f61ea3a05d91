$version: "2"

namespace ex

@enum([{ value: "a", name: "X" }, { value: "a", name: "Y" }])
string B

@enum([{ value: "a", name: "X" }, { value: "b", name: "X" }])
string C

@enum([{ value: "a" }, { value: "b", name: "X" }])
string D
