$version: "1.0"
namespace ex

@mixin
structure M {}

structure E with [M] {}
