package claims

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// Revision is the wascap_revision that marks a token whose module hash is the
// canonical one and must be checked. Readers check no hash below their own number.
const Revision = 3

// MaxToken is the longest token that is read, in bytes. Real ones have about a
// thousand; a provider's configuration schema can make one longer.
const MaxToken = 256 << 10

// Claims is the content of a token whose metadata object is an M. The order of
// the fields is that of wascap.
type Claims[M any] struct {
	Expires   int64            `json:"exp,omitempty"` // unix seconds; 0 = never
	ID        string           `json:"jti,omitempty"` // 22 base-62 characters
	IssuedAt  int64            `json:"iat"`           // unix seconds
	Issuer    strkey.PublicKey `json:"iss,omitempty"` // who signed
	Subject   string           `json:"sub,omitempty"` // what was signed: a public key
	NotBefore int64            `json:"nbf,omitempty"` // unix seconds; 0 = at once
	Metadata  *M               `json:"wascap,omitempty"`
	Revision  int              `json:"wascap_revision,omitempty"` // 0 = absent
}

// Actor is the metadata of a module or component.
type Actor struct {
	Name      string   `json:"name,omitempty"`
	Hash      string   `json:"hash"`          // SHA-256 of the canonical module, upper hex
	Tags      []string `json:"tags,omitzero"` // nil = absent; wash writes empty ones
	Caps      []string `json:"caps,omitzero"` // contract ids; nil = absent
	Rev       *int32   `json:"rev,omitempty"`
	Ver       *string  `json:"ver,omitempty"`
	CallAlias *string  `json:"call_alias,omitempty"`
	Prov      bool     `json:"prov"` // a provider made of wasm, which no host runs any more
}

// Provider is the metadata of a capability provider's archive.
type Provider struct {
	Name         *string           `json:"name"` // written as null when unset
	CapID        string            `json:"capid"`
	Vendor       string            `json:"vendor"`
	Rev          *int32            `json:"rev,omitempty"`
	Ver          *string           `json:"ver,omitempty"`
	TargetHashes map[string]string `json:"target_hashes"` // arch-os to SHA-256, upper hex
	ConfigSchema json.RawMessage   `json:"config_schema,omitempty"`
}

// Signers is the metadata of an account, an operator or a cluster.
type Signers struct {
	Name         *string            `json:"name"`
	ValidSigners []strkey.PublicKey `json:"valid_signers"` // nothing follows these
}

// Invocation is the metadata of one call on a lattice.
type Invocation struct {
	TargetURL string `json:"target_url"`
	OriginURL string `json:"origin_url"`
	Hash      string `json:"hash"`
}

// TimeError says that a token is not valid at the moment it was looked at.
type TimeError struct {
	Expired bool      // else it is not valid yet
	At      time.Time // when it expired, or becomes valid
	Now     time.Time
}

func (e *TimeError) Error() string {
	const layout = "2006-01-02 15:04:05 UTC"
	if e.Expired {
		return fmt.Sprintf("the token expired %s (now it is %s)", e.At.UTC().Format(layout), e.Now.UTC().Format(layout))
	}
	return fmt.Sprintf("the token is not valid before %s (now it is %s)", e.At.UTC().Format(layout), e.Now.UTC().Format(layout))
}

// CheckTime returns a *TimeError if the token has expired or is not valid yet, by
// the rule of wascap: whole seconds, both ends included.
func (c *Claims[M]) CheckTime(now time.Time) error {
	if c.Expires != 0 && c.Expires < now.Unix() {
		return &TimeError{Expired: true, At: time.Unix(c.Expires, 0), Now: now}
	}
	if now.Unix() < c.NotBefore {
		return &TimeError{At: time.Unix(c.NotBefore, 0), Now: now}
	}
	return nil
}
