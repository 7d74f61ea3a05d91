$version: "2"

namespace org.example.broken.httpuri

@http(method: "POST", uri: "/{a")
operation O {}
