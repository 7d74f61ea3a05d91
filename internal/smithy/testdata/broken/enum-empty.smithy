$version: "2"

namespace ex

enum F {}
