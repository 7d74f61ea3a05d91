$version: "2"

namespace ex

service S {
    version: "1"
    operations: [Missing]
    errors: [Missing]
}

operation O {
    input: Missing
    errors: [Missing]
}
