$version: "3"
namespace ex
