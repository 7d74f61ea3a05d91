$version: "2"

metadata a = 1
metadata a = 2
metadata b = [1]
metadata b = [2]

namespace ex
