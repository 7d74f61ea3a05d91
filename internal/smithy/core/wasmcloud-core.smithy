// What hosts, providers and actors of the 0.x line say to each other, whatever
// the contract. Names, numbers and forms are those of the public wasmCloud
// model and of hosts seen on the wire; this text is the tool's own.
$version: "2.0"

metadata package = [
    {
        namespace: "org.wasmcloud.core"
        crate: "wasmbus_rpc::core"
        py_module: "wasmbus_rpc.core"
        doc: "messages between hosts, providers and actors"
    }
]

namespace org.wasmcloud.core

use org.wasmcloud.model#CapabilityContractId
use org.wasmcloud.model#U64
use org.wasmcloud.model#codegenRust
use org.wasmcloud.model#n
use org.wasmcloud.model#nonEmptyString
use org.wasmcloud.model#serialization
use org.wasmcloud.model#wasmbus
use org.wasmcloud.model#wasmbusData

/// What every actor answers.
@wasmbus(actorReceive: true)
service Actor {
    version: "0.1"
    operations: [
        HealthRequest
    ]
}

/// Asks an actor or a provider whether it is well; hosts ask again and again.
operation HealthRequest {
    input: HealthCheckRequest
    output: HealthCheckResponse
}

/// The question of a health check.
@wasmbusData
structure HealthCheckRequest {}

/// The answer to a health check.
@wasmbusData
structure HealthCheckResponse {
    /// Whether all is well.
    @n(0)
    healthy: Boolean

    /// What is the matter, for a person.
    @n(1)
    message: String
}

/// Ties an actor to a provider, with settings.
@codegenRust(nonExhaustive: true)
@wasmbusData
structure LinkDefinition {
    /// The actor's public key.
    @n(0)
    @required
    @serialization(name: "actor_id")
    actorId: String

    /// The provider's public key.
    @n(1)
    @required
    @serialization(name: "provider_id")
    providerId: String

    /// The name of the link, "default" where none is given.
    @n(2)
    @required
    @serialization(name: "link_name")
    linkName: String

    /// The contract that the link is for.
    @n(3)
    @required
    @serialization(name: "contract_id")
    contractId: String

    /// The settings.
    @n(4)
    @required
    values: LinkSettings
}

/// The settings of a link.
map LinkSettings {
    key: String
    value: String
}

/// The links of a provider.
list ActorLinks {
    member: LinkDefinition
}

/// What a host tells a provider as it starts it.
@codegenRust(nonExhaustive: true)
@wasmbusData
structure HostData {
    /// The host's public key.
    @n(0)
    @required
    @serialization(name: "host_id")
    hostId: String

    /// The name of the lattice, first in the subjects of calls.
    @n(1)
    @required
    @serialization(name: "lattice_rpc_prefix")
    latticeRpcPrefix: String

    /// The link name that the provider is started under.
    @n(2)
    @required
    @serialization(name: "link_name")
    linkName: String

    /// The NATS user's token, "" for none.
    @n(3)
    @required
    @serialization(name: "lattice_rpc_user_jwt")
    latticeRpcUserJwt: String

    /// The NATS user's seed, "" for none.
    @n(4)
    @required
    @serialization(name: "lattice_rpc_user_seed")
    latticeRpcUserSeed: String

    /// Where NATS listens.
    @n(5)
    @required
    @serialization(name: "lattice_rpc_url")
    latticeRpcUrl: String

    /// The provider's public key.
    @n(6)
    @required
    @serialization(name: "provider_key")
    providerKey: String

    /// The seed that signs the provider's calls.
    @n(7)
    @required
    @serialization(name: "invocation_seed")
    invocationSeed: String

    /// Settings that the host was given for the provider.
    @n(8)
    @required
    @serialization(name: "env_values")
    envValues: HostEnvValues

    /// Tells instances of the same provider apart.
    @n(9)
    @required
    @serialization(name: "instance_id")
    instanceId: String

    /// The links there are at the start.
    @n(10)
    @required
    @serialization(name: "link_definitions")
    linkDefinitions: ActorLinks

    /// The keys whose calls the provider takes.
    @n(11)
    @required
    @serialization(name: "cluster_issuers")
    clusterIssuers: ClusterIssuers

    /// Configuration of the provider as a whole, in JSON.
    @n(12)
    @serialization(name: "config_json")
    configJson: String

    /// How long a call may take, in milliseconds.
    @n(13)
    @serialization(name: "default_rpc_timeout_ms")
    defaultRpcTimeoutMs: U64

    /// Whether the log is to be in JSON.
    @n(14)
    @serialization(name: "structured_logging")
    structuredLogging: Boolean
}

/// The keys of a cluster.
list ClusterIssuers {
    member: ClusterIssuerKey
}

/// The public key of a cluster.
@nonEmptyString
string ClusterIssuerKey

/// Settings of a provider.
map HostEnvValues {
    key: String
    value: String
}

/// A call.
@codegenRust(nonExhaustive: true)
@wasmbusData
structure Invocation {
    /// Who calls.
    @n(0)
    @required
    origin: WasmCloudEntity

    /// Who is called.
    @n(1)
    @required
    target: WasmCloudEntity

    /// The operation, such as HttpServer.HandleRequest.
    @n(2)
    @required
    operation: String

    /// The argument; empty if it travels apart for its size.
    @n(3)
    @required
    msg: Blob

    /// Tells calls apart.
    @n(4)
    @required
    id: String

    /// A token that the cluster key signed.
    @n(5)
    @required
    @serialization(name: "encoded_claims")
    encodedClaims: String

    /// The host that the call comes from.
    @n(6)
    @required
    @serialization(name: "host_id")
    hostId: String

    /// The length of the whole argument in bytes.
    @n(7)
    @serialization(name: "content_length")
    contentLength: U64

    /// The trace that the call belongs to.
    @n(8)
    traceContext: TraceContext
}

/// An actor, or a provider under a link name.
@wasmbusData
structure WasmCloudEntity {
    /// The public key.
    @n(0)
    @required
    @serialization(name: "public_key")
    publicKey: String

    /// The link name, "" for an actor.
    @n(1)
    @required
    @serialization(name: "link_name")
    linkName: String

    /// The contract, "" for an actor.
    @n(2)
    @required
    @serialization(name: "contract_id")
    contractId: CapabilityContractId
}

/// The answer to a call.
@codegenRust(nonExhaustive: true)
@wasmbusData
structure InvocationResponse {
    /// The result; empty if it travels apart for its size.
    @n(0)
    @required
    msg: Blob

    /// The id of the call.
    @n(1)
    @required
    @serialization(name: "invocation_id")
    invocationId: String

    /// What went wrong.
    @n(2)
    error: String

    /// The length of the whole result in bytes.
    @n(3)
    @serialization(name: "content_length")
    contentLength: U64
}

/// The headers of a trace.
map TraceContext {
    key: String
    value: String
}
