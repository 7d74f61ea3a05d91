$version: "2"

namespace ex

@range(min: 1., max: -)
integer A
