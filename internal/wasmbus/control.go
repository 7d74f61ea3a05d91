package wasmbus

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// The messages of the control interface. Members are in the order in which
// wash 0.17 and the Rust host write them. A nil map or pointer marked omitzero
// is left out, an empty map is written: peers do both, and so can we.

// Ack answers a command before the work is done.
type Ack struct {
	Accepted bool   `json:"accepted"`
	Error    string `json:"error"` // "" when accepted, but always present
}

// Host answers ping.hosts. Only ID and UptimeSeconds are certain.
type Host struct {
	ClusterIssuers string            `json:"cluster_issuers,omitempty"` // comma-separated C… keys in one string
	CtlHost        string            `json:"ctl_host,omitempty"`
	FriendlyName   string            `json:"friendly_name,omitempty"`
	ID             string            `json:"id"`
	Issuer         string            `json:"issuer,omitempty"`
	JSDomain       *string           `json:"js_domain"` // null = the default domain
	Labels         map[string]string `json:"labels"`
	LatticePrefix  string            `json:"lattice_prefix,omitempty"`
	ProvRPCHost    string            `json:"prov_rpc_host,omitempty"`
	RPCHost        string            `json:"rpc_host,omitempty"`
	UptimeHuman    string            `json:"uptime_human,omitempty"`
	UptimeSeconds  uint64            `json:"uptime_seconds"`
	Version        string            `json:"version,omitempty"`
}

// HostInventory answers get.<host>.inv.
type HostInventory struct {
	Actors       []ActorDescription    `json:"actors"`
	HostID       string                `json:"host_id"`
	Issuer       string                `json:"issuer,omitempty"`
	FriendlyName string                `json:"friendly_name,omitempty"`
	Labels       map[string]string     `json:"labels"`
	Providers    []ProviderDescription `json:"providers"`
}

// ActorDescription is one actor of an inventory.
type ActorDescription struct {
	ID        string          `json:"id"`
	ImageRef  string          `json:"image_ref,omitempty"`
	Instances []ActorInstance `json:"instances"`
	Name      string          `json:"name,omitempty"`
	Digest    string          `json:"digest,omitempty"` // "sha256:…" of the file that runs; our hosts alone say so
}

// ActorInstance is one instance of an actor, or with MaxConcurrent a pool of
// that many (Rust hosts).
type ActorInstance struct {
	Annotations   map[string]string `json:"annotations"`
	ImageRef      string            `json:"image_ref,omitempty"`
	InstanceID    string            `json:"instance_id"`
	Revision      int32             `json:"revision"`
	MaxConcurrent uint32            `json:"max_concurrent,omitempty"`
}

// ProviderDescription is one provider of an inventory.
type ProviderDescription struct {
	Annotations map[string]string `json:"annotations"`
	ID          string            `json:"id"`
	ImageRef    string            `json:"image_ref,omitempty"`
	ContractID  string            `json:"contract_id"`
	LinkName    string            `json:"link_name"`
	Name        string            `json:"name,omitempty"`
	Revision    int32             `json:"revision"`
	Digest      string            `json:"digest,omitempty"` // "sha256:…" of the executable that runs; our hosts alone say so
}

// StartActorCommand is cmd.<host>.la: add Count instances. An absent count
// means 1, so set Count to 1 before decoding.
type StartActorCommand struct {
	ActorRef    string            `json:"actor_ref"`
	Annotations map[string]string `json:"annotations,omitzero"`
	Count       uint16            `json:"count"`
	HostID      string            `json:"host_id"`
}

// ScaleActorCommand is cmd.<host>.scale: run exactly Count instances.
type ScaleActorCommand struct {
	ActorID     string            `json:"actor_id"`
	ActorRef    string            `json:"actor_ref"`
	Annotations map[string]string `json:"annotations,omitzero"`
	Count       uint16            `json:"count"`
	HostID      string            `json:"host_id"`
}

// StopActorCommand is cmd.<host>.sa: stop Count instances, 0 = all.
type StopActorCommand struct {
	ActorRef    string            `json:"actor_ref"` // sic: the M… key
	Annotations map[string]string `json:"annotations,omitzero"`
	Count       uint16            `json:"count"`
	HostID      string            `json:"host_id"`
}

// UpdateActorCommand is cmd.<host>.upd: replace the running code.
type UpdateActorCommand struct {
	ActorID     string            `json:"actor_id"`
	Annotations map[string]string `json:"annotations,omitzero"`
	HostID      string            `json:"host_id"`
	NewActorRef string            `json:"new_actor_ref"`
}

// StartProviderCommand is cmd.<host>.lp.
type StartProviderCommand struct {
	Annotations   map[string]string `json:"annotations,omitzero"`
	Configuration string            `json:"configuration,omitempty"`
	HostID        string            `json:"host_id"`
	LinkName      string            `json:"link_name"`
	ProviderRef   string            `json:"provider_ref"`
}

// StopProviderCommand is cmd.<host>.sp.
type StopProviderCommand struct {
	Annotations map[string]string `json:"annotations,omitzero"`
	ContractID  string            `json:"contract_id"`
	HostID      string            `json:"host_id"`
	LinkName    string            `json:"link_name"`
	ProviderRef string            `json:"provider_ref"` // sic: the V… key
}

// StopHostCommand is cmd.<host>.stop.
type StopHostCommand struct {
	HostID  string  `json:"host_id"`
	Timeout *uint64 `json:"timeout,omitempty"` // milliseconds
}

// ActorAuctionRequest asks who would run an actor. A host bids only when every
// constraint equals one of its labels.
type ActorAuctionRequest struct {
	ActorRef    string            `json:"actor_ref"`
	Constraints map[string]string `json:"constraints"`
}

// ActorAuctionAck is a bid; a host that doesn't bid stays silent.
type ActorAuctionAck struct {
	ActorRef    string            `json:"actor_ref"`
	Constraints map[string]string `json:"constraints"`
	HostID      string            `json:"host_id"`
}

// ProviderAuctionRequest asks who would run a provider.
type ProviderAuctionRequest struct {
	Constraints map[string]string `json:"constraints"`
	LinkName    string            `json:"link_name"`
	ProviderRef string            `json:"provider_ref"`
}

// ProviderAuctionAck is a bid for a provider.
type ProviderAuctionAck struct {
	Constraints map[string]string `json:"constraints"`
	HostID      string            `json:"host_id"`
	LinkName    string            `json:"link_name"`
	ProviderRef string            `json:"provider_ref"`
}

// LabelChange is labels.<host>.put; for .del the value is ignored.
type LabelChange struct {
	Key   string `json:"key"`
	Value string `json:"value,omitempty"`
}

// RegistryCredential is one entry of registries.put, keyed by host[:port].
type RegistryCredential struct {
	RegistryType string `json:"registryType,omitempty"`
	Username     string `json:"username,omitempty"`
	Password     string `json:"password,omitempty"`
	Token        string `json:"token,omitempty"`
}

// LinksReply answers get.links.
type LinksReply struct {
	Links []LinkDefinition `json:"links"`
}

// ClaimsReply answers get.claims.
type ClaimsReply struct {
	Claims []ClaimsRecord `json:"claims"`
}

// ShutdownRequest is the body of a provider's shutdown subject.
type ShutdownRequest struct {
	HostID string `json:"host_id"`
}

// EncodeJSON writes compact JSON as Rust peers do: <, > and & are not escaped,
// no line end follows. It fails only for values that have no JSON.
func EncodeJSON(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// DecodeJSON reads one JSON value into v, whose present members are defaults.
// Unknown members are ignored, bytes after the value are an error.
func DecodeJSON(b []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	if err := dec.Decode(v); err != nil {
		if errors.Is(err, io.EOF) {
			return errors.New("no JSON: the message is empty")
		}
		return fmt.Errorf("broken JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("broken JSON: something follows the value")
	}
	return nil
}
