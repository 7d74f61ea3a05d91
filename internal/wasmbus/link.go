package wasmbus

import (
	"crypto/sha256"

	"github.com/tinylib/msgp/msgp"
)

// LinkDefinition connects an actor to a provider under a link name. Its JSON is
// used by the control interface and the KV bucket, its msgpack by providers.
type LinkDefinition struct {
	ActorID    string            `json:"actor_id"`
	ProviderID string            `json:"provider_id"`
	LinkName   string            `json:"link_name"`
	ContractID string            `json:"contract_id"`
	Values     map[string]string `json:"values"`
}

// LinkID identifies a link in the KV bucket and in events: upper-case hex
// SHA-256 over actor, contract and link name. Rust hosts recompute it.
func LinkID(actor, contract, link string) string {
	sum := sha256.Sum256([]byte(actor + contract + link))
	return upperHex(sum[:])
}

// ID is the LinkID of the definition.
func (l LinkDefinition) ID() string { return LinkID(l.ActorID, l.ContractID, l.LinkName) }

// Marshal writes the msgpack that providers read; values is always present,
// because their decoders need it.
func (l LinkDefinition) Marshal() []byte {
	b := msgp.AppendMapHeader(nil, 5)
	b = appendField(b, "actor_id", l.ActorID)
	b = appendField(b, "provider_id", l.ProviderID)
	b = appendField(b, "link_name", l.LinkName)
	b = appendField(b, "contract_id", l.ContractID)
	return appendStringMap(msgp.AppendString(b, "values"), l.Values)
}

// UnmarshalLinkDefinition reads the msgpack form.
func UnmarshalLinkDefinition(b []byte) (LinkDefinition, error) {
	var l LinkDefinition
	err := checkWhole("link definition", b, func(b []byte) ([]byte, error) { return readMap(b, l.field) })
	return l, err
}

func (l *LinkDefinition) field(key string, b []byte) (rest []byte, err error) {
	switch key {
	case "actor_id":
		l.ActorID, rest, err = readString(b)
	case "provider_id":
		l.ProviderID, rest, err = readString(b)
	case "link_name":
		l.LinkName, rest, err = readString(b)
	case "contract_id":
		l.ContractID, rest, err = readString(b)
	case "values":
		l.Values, rest, err = readStringMap(b)
	default:
		rest, err = skip(b, 0)
	}
	return rest, err
}
