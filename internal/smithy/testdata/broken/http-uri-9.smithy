$version: "2"

namespace org.example.broken.httpuri

@http(method: "POST", uri: "/x?a=1&a=2")
operation O {}
