package wasmbus

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// EventPrefix begins the type of every event; its short name follows.
const EventPrefix = "com.wasmcloud.lattice."

// Names of events, without EventPrefix. Hosts of the first generation publish
// the singular ones, one per instance, which wash 0.17 waits for; later ones
// the plural. We publish both.
const (
	EventHostStarted        = "host_started"
	EventHostHeartbeat      = "host_heartbeat"
	EventHostStopped        = "host_stopped"
	EventActorStarted       = "actor_started"
	EventActorsStarted      = "actors_started"
	EventActorStartFailed   = "actor_start_failed"
	EventActorsStartFailed  = "actors_start_failed"
	EventActorStopped       = "actor_stopped"
	EventActorsStopped      = "actors_stopped"
	EventActorStopFailed    = "actor_stop_failed"
	EventActorUpdated       = "actor_updated"
	EventActorUpdateFailed  = "actor_update_failed"
	EventActorScaled        = "actor_scaled"
	EventActorScaleFailed   = "actor_scale_failed"
	EventProviderStarted    = "provider_started"
	EventProviderFailed     = "provider_start_failed"
	EventProviderStopped    = "provider_stopped"
	EventProviderStopFailed = "provider_stop_failed"
	EventHealthPassed       = "health_check_passed"
	EventHealthFailed       = "health_check_failed"
	EventHealthStatus       = "health_check_status"
	EventLinkSet            = "linkdef_set"
	EventLinkDeleted        = "linkdef_deleted"
	EventRefMapSet          = "refmap_set"
)

// CloudEvent is the envelope of every event, in the Rust host's member order.
// Time stays text, so that a decoded event is written as it was read.
type CloudEvent struct {
	SpecVersion     string          `json:"specversion"`
	ID              string          `json:"id"`
	Type            string          `json:"type"`
	Source          string          `json:"source"`
	DataContentType string          `json:"datacontenttype,omitempty"`
	Time            string          `json:"time,omitempty"`
	Data            json.RawMessage `json:"data"`
}

// eventTime is RFC 3339 with all nine digits, as chrono writes it.
const eventTime = "2006-01-02T15:04:05.000000000Z07:00"

// NewEvent makes the bytes of an event. A nil data is written as {}, because
// wash stops at any event without data; so is one that has no JSON.
func NewEvent(source, name string, data any, now time.Time) []byte {
	raw, err := EncodeJSON(data)
	if err != nil || data == nil {
		raw = []byte("{}")
	}
	b, _ := EncodeJSON(CloudEvent{
		SpecVersion: "1.0", ID: NewUUID(), Type: EventPrefix + name, Source: source,
		DataContentType: "application/json", Time: now.UTC().Format(eventTime), Data: raw,
	})
	return b
}

// ParseEvent reads an event.
func ParseEvent(b []byte) (*CloudEvent, error) {
	var e CloudEvent
	if err := DecodeJSON(b, &e); err != nil {
		return nil, fmt.Errorf("event: %w", err)
	}
	if e.Type == "" {
		return nil, errors.New("event: it has no type")
	}
	return &e, nil
}

// Name is the event's type without EventPrefix.
func (e *CloudEvent) Name() string { return strings.TrimPrefix(e.Type, EventPrefix) }

// Decode reads the data of the event into v.
func (e *CloudEvent) Decode(v any) error {
	if len(e.Data) == 0 {
		return fmt.Errorf("event %s: it has no data", e.Name())
	}
	if err := json.Unmarshal(e.Data, v); err != nil {
		return fmt.Errorf("event %s: %w", e.Name(), err)
	}
	return nil
}

// ActorClaims are the claims inside actor events.
type ActorClaims struct {
	CallAlias      string   `json:"call_alias"`
	Caps           []string `json:"caps"`
	ExpiresHuman   string   `json:"expires_human"`
	Issuer         string   `json:"issuer"`
	Name           string   `json:"name"`
	NotBeforeHuman string   `json:"not_before_human"`
	Revision       int32    `json:"revision"`
	Tags           []string `json:"tags"`
	Version        string   `json:"version"`
}

// ProviderClaims are the claims inside provider events.
type ProviderClaims struct {
	ExpiresHuman   string   `json:"expires_human"`
	Issuer         string   `json:"issuer"`
	Name           string   `json:"name"`
	NotBeforeHuman string   `json:"not_before_human"`
	Tags           []string `json:"tags"` // null from Rust hosts
	Version        string   `json:"version"`
}

// HostStarted is the data of host_started.
type HostStarted struct {
	FriendlyName  string            `json:"friendly_name"`
	Labels        map[string]string `json:"labels"`
	UptimeSeconds uint64            `json:"uptime_seconds"`
	Version       string            `json:"version"`
}

// HostStopped is the data of host_stopped.
type HostStopped struct {
	Labels map[string]string `json:"labels"`
}

// HostHeartbeat is the data of host_heartbeat in the Elixir host's form, which
// dashboards of that time read.
type HostHeartbeat struct {
	Actors        map[string]int      `json:"actors"` // instances by M… key
	FriendlyName  string              `json:"friendly_name"`
	Labels        map[string]string   `json:"labels"`
	Providers     []HeartbeatProvider `json:"providers"`
	UptimeHuman   string              `json:"uptime_human"`
	UptimeSeconds uint64              `json:"uptime_seconds"`
	Version       string              `json:"version"`
}

// HeartbeatProvider is one provider of a heartbeat.
type HeartbeatProvider struct {
	ContractID string `json:"contract_id"`
	LinkName   string `json:"link_name"`
	PublicKey  string `json:"public_key"`
}

// ActorStarted is the data of actor_started, one per instance.
type ActorStarted struct {
	Annotations map[string]string `json:"annotations"`
	APIVersion  string            `json:"api_version"`
	Claims      ActorClaims       `json:"claims"`
	ImageRef    string            `json:"image_ref"`
	InstanceID  string            `json:"instance_id"`
	PublicKey   string            `json:"public_key"`
}

// ActorsStarted is the data of actors_started, one per command.
type ActorsStarted struct {
	Annotations map[string]string `json:"annotations"`
	Claims      ActorClaims       `json:"claims"`
	Count       int               `json:"count"`
	HostID      string            `json:"host_id"`
	ImageRef    string            `json:"image_ref"`
	PublicKey   string            `json:"public_key"`
}

// ActorStartFailed is the data of actor_start_failed.
type ActorStartFailed struct {
	ActorRef string `json:"actor_ref"`
	Error    string `json:"error"`
}

// ActorsStartFailed is the data of actors_start_failed.
type ActorsStartFailed struct {
	Annotations map[string]string `json:"annotations"`
	Error       string            `json:"error"`
	HostID      string            `json:"host_id"`
	ImageRef    string            `json:"image_ref"`
	PublicKey   string            `json:"public_key"`
}

// ActorStopped is the data of actor_stopped, one per instance.
type ActorStopped struct {
	Annotations map[string]string `json:"annotations"`
	InstanceID  string            `json:"instance_id"`
	PublicKey   string            `json:"public_key"`
}

// ActorsStopped is the data of actors_stopped, one per command.
type ActorsStopped struct {
	Annotations map[string]string `json:"annotations"`
	Count       int               `json:"count"`
	HostID      string            `json:"host_id"`
	PublicKey   string            `json:"public_key"`
	Remaining   int               `json:"remaining"`
}

// ActorStopFailed is the data of actor_stop_failed.
type ActorStopFailed struct {
	Error     string `json:"error"`
	PublicKey string `json:"public_key"`
}

// ActorUpdated is the data of actor_updated and, with a reason, of actor_update_failed.
type ActorUpdated struct {
	InstanceID string `json:"instance_id"`
	PublicKey  string `json:"public_key"`
	Reason     string `json:"reason,omitempty"`
	Revision   int32  `json:"revision"`
}

// ActorScaled is the data of actor_scaled and, with an error, of actor_scale_failed.
type ActorScaled struct {
	Annotations  map[string]string `json:"annotations"`
	Claims       *ActorClaims      `json:"claims,omitempty"`
	Error        string            `json:"error,omitempty"`
	HostID       string            `json:"host_id"`
	ImageRef     string            `json:"image_ref"`
	MaxInstances int               `json:"max_instances"`
	PublicKey    string            `json:"public_key"`
}

// ProviderStarted is the data of provider_started.
type ProviderStarted struct {
	Annotations map[string]string `json:"annotations"`
	Claims      ProviderClaims    `json:"claims"`
	ContractID  string            `json:"contract_id"`
	HostID      string            `json:"host_id,omitempty"`
	ImageRef    string            `json:"image_ref"`
	InstanceID  string            `json:"instance_id"`
	LinkName    string            `json:"link_name"`
	PublicKey   string            `json:"public_key"`
}

// ProviderStartFailed is the data of provider_start_failed.
type ProviderStartFailed struct {
	Error       string `json:"error"`
	LinkName    string `json:"link_name"`
	ProviderRef string `json:"provider_ref"`
}

// ProviderStopped is the data of provider_stopped.
type ProviderStopped struct {
	Annotations map[string]string `json:"annotations"`
	ContractID  string            `json:"contract_id"`
	HostID      string            `json:"host_id,omitempty"`
	InstanceID  string            `json:"instance_id"`
	LinkName    string            `json:"link_name"`
	PublicKey   string            `json:"public_key"`
	Reason      string            `json:"reason"`
}

// ProviderStopFailed is the data of provider_stop_failed.
type ProviderStopFailed struct {
	ContractID string `json:"contract_id"`
	Error      string `json:"error"`
	LinkName   string `json:"link_name"`
	PublicKey  string `json:"public_key"`
}

// HealthCheck is the data of the three health events.
type HealthCheck struct {
	ContractID string `json:"contract_id"`
	LinkName   string `json:"link_name"`
	PublicKey  string `json:"public_key"`
}

// LinkChanged is the data of linkdef_set and linkdef_deleted.
type LinkChanged struct {
	ActorID    string            `json:"actor_id"`
	ContractID string            `json:"contract_id"`
	ID         string            `json:"id"`
	LinkName   string            `json:"link_name"`
	ProviderID string            `json:"provider_id"`
	Values     map[string]string `json:"values"`
}

// NewLinkChanged makes the event data of a link.
func NewLinkChanged(l LinkDefinition) LinkChanged {
	return LinkChanged{l.ActorID, l.ContractID, l.ID(), l.LinkName, l.ProviderID, l.Values}
}

// RefMapSet is the data of refmap_set.
type RefMapSet = RefMap
