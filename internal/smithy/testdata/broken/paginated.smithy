$version: "2"

namespace org.example.broken.paginated

service S {
    version: "1"
    operations: [
        NoToken
        NoOutputToken
        Missing
        Fine
        WrongItems
        WrongSize
        RequiredToken
        Path
    ]
}

/// Its own @paginated completes those of its operations.
@paginated(inputToken: "token", outputToken: "token", pageSize: "absent")
service Completing {
    version: "1"
    operations: [
        FromService
    ]
}

@paginated(items: "items")
operation FromService {
    input: TokenInput
    output: TokenOutput
}

@paginated(items: "token")
operation InNoService {
    input: TokenInput
    output: TokenOutput
}

@paginated
operation NoToken {
    input: TokenInput
    output: TokenOutput
}

@paginated(inputToken: "token")
operation NoOutputToken {
    input: TokenInput
    output: TokenOutput
}

@paginated(inputToken: "absent", outputToken: "absent", items: "absent", pageSize: "absent")
operation Missing {
    input: TokenInput
    output: TokenOutput
}

@readonly
@paginated(inputToken: "token", outputToken: "token", items: "items", pageSize: "size")
operation Fine {
    input: TokenInput
    output: TokenOutput
}

@paginated(inputToken: "size", outputToken: "items", items: "token")
operation WrongItems {
    input: TokenInput
    output: TokenOutput
}

@paginated(inputToken: "token", outputToken: "token", pageSize: "token")
operation WrongSize {
    input: TokenInput
    output: TokenOutput
}

@paginated(inputToken: "must", outputToken: "must", pageSize: "mustSize", items: "items")
operation RequiredToken {
    input: RequiredInput
    output: RequiredOutput
}

@paginated(inputToken: "inner.token", outputToken: "inner.token", items: "inner.absent")
operation Path {
    input: PathInput
    output: PathOutput
}

structure TokenInput {
    token: String
    size: Integer
}

structure TokenOutput {
    token: String
    items: Items
}

structure RequiredInput {
    @required
    must: String

    @required
    mustSize: Integer
}

structure RequiredOutput {
    @required
    must: String

    @required
    items: Items
}

structure PathInput {
    inner: TokenInput
}

structure PathOutput {
    inner: TokenOutput
}

list Items {
    member: String
}
