$version: "2"

namespace org.example.broken.httpuri

@http(method: "POST", uri: "/{a}/{a}")
operation O {}
