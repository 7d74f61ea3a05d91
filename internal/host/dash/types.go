package dash

import (
	"encoding/json"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// Lattice is what the page shows at one moment.
type Lattice struct {
	Hosts    []HostView               `json:"hosts"` // the serving host first
	Links    []wasmbus.LinkDefinition `json:"links"`
	Claims   []wasmbus.ClaimsRecord   `json:"claims"`
	Problems []string                 `json:"problems"` // what could not be asked for, and why
}

// HostView is one host and what it runs.
type HostView struct {
	wasmbus.Host
	Self      bool                          `json:"self"` // it serves this dashboard
	Actors    []wasmbus.ActorDescription    `json:"actors"`
	Providers []wasmbus.ProviderDescription `json:"providers"`
}

// StartActor says what to start.
type StartActor struct {
	Host        string            `json:"host_id"`
	Ref         string            `json:"ref"` // OCI reference or file:// URL
	Count       int               `json:"count"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// StartProvider says what to start.
type StartProvider struct {
	Host          string            `json:"host_id"`
	Ref           string            `json:"ref"`
	Link          string            `json:"link_name"`
	Configuration string            `json:"configuration"`
	Annotations   map[string]string `json:"annotations,omitempty"`
}

// Started is what became of a start.
type Started struct {
	Host     string `json:"host_id"`
	Key      string `json:"public_key"`
	Replaced string `json:"replaced,omitempty"` // the reference that ran before
}

// Call is one call of an actor.
type Call struct {
	ID        string
	Target    string // M… key or call alias
	Operation string
	Payload   []byte
	Timeout   time.Duration // 0 = the lattice's
}

// Kinds of Message.
const (
	KindEvent = "event" // of the lattice
	KindLog   = "log"   // a line of an actor or provider
	KindHost  = "host"  // a line of the serving host's own log
)

// Message is one line of what happens.
type Message struct {
	ID    uint64          `json:"id"` // increases by one; set by the Feed
	Time  time.Time       `json:"time"`
	Kind  string          `json:"kind"`
	Level string          `json:"level,omitempty"`
	Host  string          `json:"host,omitempty"`    // N… key, of events
	Name  string          `json:"name,omitempty"`    // of an event
	From  string          `json:"subject,omitempty"` // the actor or provider that it is about
	Call  string          `json:"call,omitempty"`    // id of the invocation
	Text  string          `json:"text"`
	Data  json.RawMessage `json:"data,omitempty"`
}

// Spans' kinds.
const (
	SpanCall     = "call"     // the dashboard's own call, as its user waits for it
	SpanActor    = "actor"    // an actor works
	SpanLink     = "link"     // an actor uses a link
	SpanBuiltin  = "builtin"  // an actor uses what every host has
	SpanHostCall = "hostcall" // an actor calls another by key or alias
	SpanProvider = "provider" // a provider answers, over the lattice
	SpanRemote   = "remote"   // an actor of another host answers
)

// Span is one stretch of a call.
type Span struct {
	Call      string // id of the invocation: what is one trace
	Kind      string
	Target    string // public key, if any
	Name      string // for people
	Contract  string
	Link      string
	Operation string
	In        int // bytes of the argument
}
