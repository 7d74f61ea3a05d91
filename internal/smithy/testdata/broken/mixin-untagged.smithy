$version: "2"

namespace ex

structure B {}

structure C with [B] {}
