$version: "2"

namespace ex

structure A with [Missing] {}

structure B {}

structure C with [B] {}
