$version: "2"

namespace ex

structure A with [Missing] {}
