package claims

// The contract ids that signing flags stand for.
const (
	CapKeyValue   = "wasmcloud:keyvalue"
	CapMessaging  = "wasmcloud:messaging"
	CapHTTPClient = "wasmcloud:httpclient"
	CapHTTPServer = "wasmcloud:httpserver"
	CapBlobStore  = "wasmcloud:blobstore"
	CapLogging    = "wasmcloud:builtin:logging"
	CapEvents     = "wasmcloud:eventstreams"
	CapNumberGen  = "wasmcloud:builtin:numbergen"
)

// CapabilityName gives the name that wash shows for a contract id, and the id
// itself if it has none.
func CapabilityName(id string) string {
	switch id {
	case CapKeyValue:
		return "K/V Store"
	case CapMessaging:
		return "Messaging"
	case CapHTTPClient:
		return "HTTP Client"
	case CapHTTPServer:
		return "HTTP Server"
	case CapBlobStore:
		return "Blob Store"
	case CapLogging:
		return "Logging"
	case CapEvents:
		return "Event Streams"
	case CapNumberGen:
		return "Number Generation"
	default:
		return id
	}
}

// Contracts lists the contract ids of the interfaces that wasmCloud published.
func Contracts() []string {
	return []string{
		CapKeyValue, CapMessaging, CapHTTPClient, CapHTTPServer, CapBlobStore, CapLogging, CapEvents, CapNumberGen,
		"wasmcloud:sqldb", "wasmcloud:testing",
	}
}
