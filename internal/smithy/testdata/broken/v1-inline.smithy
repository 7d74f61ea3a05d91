$version: "1.0"
namespace ex

operation O {
    input := {}
}
