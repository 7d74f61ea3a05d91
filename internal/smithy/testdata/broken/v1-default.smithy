$version: "1.0"
namespace ex

structure E {
    a: String = "x"
}
