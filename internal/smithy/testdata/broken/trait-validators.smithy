$version: "2"

namespace ex

@trait
@traitValidators(
    "t.NoBlob": {
        selector: "~> blob"
        message: "no blobs"
    }
)
structure t {}

@t
structure A {
    a: Blob
}
