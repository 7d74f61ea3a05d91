$version: "2"

namespace ex

@length(min: "x")
string A

@length(foo: 1)
string A2

@deprecated("x")
string B

@tags("x")
string C

@documentation(1)
string D

@documentation
string E

@error("x")
structure F {}

@tags([1, "a"])
string G

@http(method: "GET")
operation H {}
