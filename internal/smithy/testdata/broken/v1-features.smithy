$version: "1.0"
namespace ex

enum E {
    A
}
