$version: "2"

namespace org.example.broken.collections

service S {
    version: "1"
    resources: [
        R
        Bare
    ]
}

resource R {
    identifiers: {
        id: String
    }
    create: Create
    list: List
    operations: [
        Instance
    ]
    collectionOperations: [
        More
        Less
    ]
}

operation Create {
    input := {
        @required
        id: String
    }
}

@readonly
operation List {
    input := {
        @required
        id: String
    }
}

operation Instance {
    input := {
        @required
        id: String
    }
}

operation More {
    input := {
        @required
        id: String
    }
}

operation Less {
    input := {
        id: String
    }
}

resource Bare {
    collectionOperations: [
        Any
    ]
}

operation Any {}
