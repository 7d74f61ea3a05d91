$version: "2.0"

// What the specification says is there before any model: the types and traits of
// smithy.api, by name, shape and selector (https://smithy.io/2.0/spec/model.html#prelude).
// Private shapes are helpers of traits; their names are ours to choose.
namespace smithy.api

string String
blob Blob
bigInteger BigInteger
bigDecimal BigDecimal
timestamp Timestamp
document Document
boolean Boolean
byte Byte
short Short
integer Integer
long Long
float Float
double Double
@default(false)
boolean PrimitiveBoolean
@default(0)
byte PrimitiveByte
@default(0)
short PrimitiveShort
@default(0)
integer PrimitiveInteger
@default(0)
long PrimitiveLong
@default(0)
float PrimitiveFloat
@default(0)
double PrimitiveDouble
@unitType
structure Unit {}

// Helpers

@private
@length(min: 1)
string Text
@private
list Texts { member: Text }
@private
map TextMap {
    key: Text
    value: Text
}
@private
@idRef(failWhenMissing: true, selector: "[trait|trait]")
string TraitID
@private
list TraitIDs { member: TraitID }
@private
@idRef(selector: "[trait|authDefinition]")
string AuthID
@private
enum EventSeverity {
    NOTE
    WARNING
    DANGER
    ERROR
}

// Traits of traits

@private
enum MemberOrTarget {
    MEMBER = "member"
    TARGET = "target"
}
@private
enum ChangeKind {
    UPDATE = "update"
    ADD = "add"
    REMOVE = "remove"
    PRESENCE = "presence"
    ANY = "any"
}
@private
structure ChangeRule {
    path: String
    @required
    change: ChangeKind
    severity: EventSeverity = "ERROR"
    message: String
}
@private
@length(min: 1)
list ChangeRules { member: ChangeRule }
@trait(selector: ":is(simpleType, list, map, structure, union)")
structure trait {
    selector: String
    structurallyExclusive: MemberOrTarget
    conflicts: Texts
    breakingChanges: ChangeRules
}
@trait(selector: "structure[trait|trait]")
structure protocolDefinition {
    traits: TraitIDs
    noInlineDocumentSupport: Boolean
}
@trait(selector: "structure[trait|trait]")
structure authDefinition { traits: TraitIDs }
@private
structure TraitCheck {
    @required
    selector: String
    message: String
    severity: EventSeverity = "ERROR"
}
@trait(selector: "[trait|trait]")
map traitValidators {
    @length(min: 1)
    key: String
    value: TraitCheck
}
@trait(selector: ":test(string, member > string)")
structure idRef {
    selector: String = "*"
    failWhenMissing: Boolean
    errorMessage: String
}
@trait
structure private {}
@private
list MixinTraitIDs { member: MixinTraitID }
@private
@idRef(failWhenMissing: true, selector: "[trait|trait]")
string MixinTraitID
@trait(selector: ":not(member)")
structure mixin { localTraits: MixinTraitIDs }
@trait(selector: "[id=smithy.api#Unit]")
structure unitType {}

// Documentation

@trait
string documentation
@trait
@length(min: 1)
map externalDocumentation {
    key: Text
    value: Text
}
@trait
structure deprecated {
    message: String
    since: String
}
@trait
structure internal {}
@trait
string since
@trait
list tags { member: String }
@trait(selector: ":is(service, resource)")
string title
@trait
structure unstable {}
@trait
list suppress {
    @length(min: 1)
    member: String
}
@trait(selector: "structure > member", conflicts: [required])
structure recommended { reason: String }
@private
structure ExampleFailure {
    @idRef(selector: "structure[trait|error]")
    shapeId: String
    content: Document
}
@private
structure Example {
    @required
    title: String
    documentation: String
    input: Document
    output: Document
    error: ExampleFailure
    allowConstraintErrors: Boolean
}
@trait(selector: "operation")
list examples { member: Example }

// Types and constraints

@trait(selector: """
    :test(boolean, byte, short, integer, long, float, double,
    member > :test(boolean, byte, short, integer, long, float, double))""")
structure box {}
@trait(selector: ":is(simpleType, list, map, structure > member :test(> :is(simpleType, list, map)))")
document default
@trait(selector: "structure > member [trait|default]")
structure addedDefault {}
@trait(selector: "structure > member")
structure clientOptional {}
@trait(selector: "structure > member")
structure required {}
@trait(selector: ":is(list, map)")
structure sparse {}
@trait(selector: "list :not(> member ~> :is(float, double, document))", conflicts: [sparse])
structure uniqueItems {}
@trait(selector: ":test(list, map, string, blob, member > :is(list, map, string, blob))")
structure length {
    min: Long
    max: Long
}
@trait(selector: ":test(number, member > number)")
structure range {
    min: BigDecimal
    max: BigDecimal
}
@trait(selector: ":test(string, member > string)")
string pattern
@private
@pattern("^[a-zA-Z_]+[a-zA-Z_0-9]*$")
string ConstantName
@private
structure EnumValue {
    @required
    value: Text
    name: ConstantName
    documentation: String
    tags: Texts
    deprecated: Boolean
}
@trait(selector: "string :not(enum)")
@length(min: 1)
@deprecated(message: "use an enum shape", since: "2.0")
list enum { member: EnumValue }
@trait(selector: ":is(enum, intEnum) > member")
document enumValue
@trait(selector: ":is(blob, string)")
string mediaType
@trait(selector: ":is(blob, union)", structurallyExclusive: "target")
structure streaming {}
@trait(selector: "blob[trait|streaming]")
structure requiresLength {}
@trait(selector: ":not(:test(service, operation, resource, member))")
structure sensitive {}
@trait(selector: ":test(timestamp, member > timestamp)")
enum timestampFormat {
    DATE_TIME = "date-time"
    EPOCH_SECONDS = "epoch-seconds"
    HTTP_DATE = "http-date"
}

// Structures in their roles

@trait(selector: "structure", conflicts: [trait])
enum error {
    CLIENT = "client"
    SERVER = "server"
}
@trait(selector: "structure[trait|error]")
structure retryable { throttling: Boolean }
@trait(selector: "structure", conflicts: [output, error])
structure input {}
@trait(selector: "structure", conflicts: [input, error])
structure output {}

// Operations and resources

@trait(selector: "operation", conflicts: [idempotent])
structure readonly {}
@trait(selector: "operation", conflicts: [readonly])
structure idempotent {}
@trait(selector: "structure > :test(member > string)", structurallyExclusive: "member")
@notProperty
structure idempotencyToken {}
@trait(selector: ":is(service, operation)")
structure paginated {
    inputToken: Text
    outputToken: Text
    items: Text
    pageSize: Text
}
@trait(selector: "resource:test(-[put]->)")
structure noReplace {}
@private
structure Reference {
    @required
    resource: Text
    ids: TextMap
    service: Text
    rel: Text
}
@trait(selector: ":is(structure, string)")
list references { member: Reference }
@trait(selector: "structure > :test(member[trait|required] > string)")
@length(min: 1)
@notProperty
string resourceIdentifier
@trait(selector: "structure > member", conflicts: [resourceIdentifier])
structure property { name: String }
@trait(selector: ":is(operation -[input, output]-> structure > member, [trait|trait])")
@notProperty
structure notProperty {}
@trait(selector: "operation -[input, output]-> structure > member :test(> structure)", structurallyExclusive: "member")
@notProperty
structure nestedProperties {}
@private
list Encodings { member: String }
@trait(selector: "operation")
structure requestCompression {
    @required
    encodings: Encodings
}

// Authentication

@trait(selector: ":is(service, operation)")
@uniqueItems
list auth { member: AuthID }
@trait(selector: "operation")
structure optionalAuth {}
@trait(selector: "service")
@authDefinition
structure httpBasicAuth {}
@trait(selector: "service")
@authDefinition
structure httpDigestAuth {}
@trait(selector: "service")
@authDefinition
structure httpBearerAuth {}
@private
enum KeyLocation {
    HEADER = "header"
    QUERY = "query"
}
@trait(selector: "service")
@authDefinition
structure httpApiKeyAuth {
    @required
    name: Text
    @required
    in: KeyLocation
    scheme: Text
}

// Serialization

@trait(selector: ":is(structure, union) > member")
string jsonName
@trait(selector: "structure > :test(member > :test(boolean, number, string, timestamp))", conflicts: [xmlNamespace])
structure xmlAttribute {}
@trait(selector: ":is(structure, union) > :test(member > :test(list, map))")
structure xmlFlattened {}
@trait(selector: ":is(structure, union, member)")
@pattern("^[a-zA-Z_][a-zA-Z_0-9-]*(:[a-zA-Z_][a-zA-Z_0-9-]*)?$")
string xmlName
@trait(selector: ":is(service, member, simpleType, list, map, structure, union)", conflicts: [xmlAttribute])
structure xmlNamespace {
    @required
    uri: Text
    @pattern("^[a-zA-Z_][a-zA-Z_0-9-]*$")
    prefix: Text
}
@trait(
    selector: "structure > :test(member > :test(blob, string, structure, union))"
    conflicts: [eventHeader]
    structurallyExclusive: "member"
)
structure eventPayload {}
@trait(
    selector: "structure > :test(member > :test(boolean, byte, short, integer, long, blob, string, timestamp))"
    conflicts: [eventPayload]
)
structure eventHeader {}

// HTTP

@trait(selector: "operation")
structure http {
    @required
    method: Text
    @required
    uri: Text
    @range(min: 100, max: 999)
    code: Integer = 200
}
@trait(
    selector: "structure > member[trait|required] :test(> :test(string, number, boolean, timestamp))"
    conflicts: [httpHeader, httpQuery, httpPrefixHeaders, httpPayload, httpResponseCode, httpQueryParams]
)
structure httpLabel {}
@trait(
    selector: """
        structure > member
        :test(> :test(string, number, boolean, timestamp),
        > list > member > :test(string, number, boolean, timestamp))"""
    conflicts: [httpLabel, httpHeader, httpPrefixHeaders, httpPayload, httpResponseCode, httpQueryParams]
)
@length(min: 1)
string httpQuery
@trait(
    selector: "structure > member :test(> map > member[id|member=value] > :test(string, list > member > string))"
    structurallyExclusive: "member"
    conflicts: [httpLabel, httpQuery, httpHeader, httpPayload, httpResponseCode, httpPrefixHeaders]
)
structure httpQueryParams {}
@trait(
    selector: """
        structure > :test(member > :test(boolean, number, string, timestamp,
        list > member > :test(boolean, number, string, timestamp)))"""
    conflicts: [httpLabel, httpQuery, httpPrefixHeaders, httpPayload, httpResponseCode, httpQueryParams]
)
@length(min: 1)
string httpHeader
@trait(
    selector: "structure > member :test(> map :not([trait|sparse]) > member[id|member=value] > string)"
    structurallyExclusive: "member"
    conflicts: [httpLabel, httpQuery, httpHeader, httpPayload, httpResponseCode, httpQueryParams]
)
string httpPrefixHeaders
@trait(
    selector: "structure > member"
    conflicts: [httpLabel, httpQuery, httpHeader, httpPrefixHeaders, httpResponseCode, httpQueryParams]
    structurallyExclusive: "member"
)
structure httpPayload {}
@trait(selector: "structure[trait|error]")
integer httpError
@trait(
    selector: "structure :not([trait|input]) > member :test(> integer)"
    structurallyExclusive: "member"
    conflicts: [httpLabel, httpQuery, httpHeader, httpPrefixHeaders, httpPayload, httpQueryParams]
)
structure httpResponseCode {}
@trait(selector: "service")
structure cors {
    origin: Text = "*"
    maxAge: Integer = 600
    additionalAllowedHeaders: Texts
    additionalExposedHeaders: Texts
}
@trait(selector: "operation")
structure endpoint {
    @required
    hostPrefix: Text
}
@trait(selector: "structure > :test(member[trait|required] > string)")
structure hostLabel {}
@unstable
@trait(selector: "operation")
structure httpChecksumRequired {}
