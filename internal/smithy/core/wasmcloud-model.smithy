// Traits and number types that every wasmCloud interface of the 0.x line is
// written with. The namespace, the names and what they mean are those of the
// public wasmCloud model; this text is the tool's own.
$version: "2.0"

metadata package = [
    {
        namespace: "org.wasmcloud.model"
        crate: "wasmbus_rpc::model"
        py_module: "wasmbus_rpc.model"
        doc: "types and traits for wasmCloud interfaces"
    }
]

namespace org.wasmcloud.model

/// Marks a service whose operations travel over the wasmCloud bus.
@protocolDefinition
@trait(selector: "service")
structure wasmbus {
    /// The contract, such as wasmcloud:httpserver. A service that a provider
    /// receives always has one.
    contractId: CapabilityContractId

    /// An actor handles the operations.
    actorReceive: Boolean

    /// A provider handles the operations.
    providerReceive: Boolean

    /// The version of the message format: "0" (the default) is MessagePack,
    /// "2" is CBOR.
    protocol: String
}

/// Marks a type that travels over the bus.
@trait(selector: ":is(simpleType, list, map, structure, union)")
structure wasmbusData {}

/// The number of a member, from 0, each once in a structure. Formats that write
/// a structure as an array use it as the index, so that names may change.
@range(min: 0)
@trait(selector: ":is(structure, union) > member")
short n

/// How a member is called in messages, where that is not its name in the model.
@trait(selector: "member")
structure serialization {
    name: String
}

/// Says that a whole number has no sign.
@trait(selector: ":is(byte, short, integer, long)")
structure unsignedInt {}

/// Says that a type is meant to be another name of its kind and nothing more.
@trait
structure synonym {}

/// Settings for generated Rust code.
@trait
structure codegenRust {
    /// Do not derive Default.
    noDeriveDefault: Boolean

    /// Do not derive Eq.
    noDeriveEq: Boolean

    /// Add #[non_exhaustive].
    nonExhaustive: Boolean

    /// Generate nothing: the type is written by hand.
    skip: Boolean
}

/// Names the types whose members a structure has as well.
@trait(selector: "structure")
structure extends {
    base: IdentifierList
}

/// Names of types.
list IdentifierList {
    member: String
}

/// Another name for an operation or a member in the code of one language.
structure renameItem {
    /// The language, such as python.
    @required
    lang: String

    /// The name there.
    @required
    name: String
}

/// Other names in generated code, for what is a keyword in some language.
@trait(selector: ":is(operation, structure > member)")
list rename {
    member: renameItem
}

/// Marks a string of at least one character.
@trait(selector: "string")
structure nonEmptyString {}

/// The id of a contract, such as wasmcloud:keyvalue.
@nonEmptyString
string CapabilityContractId

/// A signed number of 8 bits.
@synonym
byte I8

/// A number of 8 bits without sign.
@unsignedInt
byte U8

/// A signed number of 16 bits.
@synonym
short I16

/// A number of 16 bits without sign.
@unsignedInt
short U16

/// A signed number of 32 bits.
@synonym
integer I32

/// A number of 32 bits without sign.
@unsignedInt
integer U32

/// A signed number of 64 bits.
@synonym
long I64

/// A number of 64 bits without sign.
@unsignedInt
long U64

/// A floating-point number of 32 bits.
@synonym
float F32

/// A floating-point number of 64 bits.
@synonym
double F64

/// Nothing: the answer of operations that give none.
@codegenRust(skip: true)
structure Unit {}
