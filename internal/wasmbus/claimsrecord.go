package wasmbus

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
)

// Keys of the KV bucket.
const (
	KeyLink   = "LINKDEF_" // + LinkID
	KeyClaims = "CLAIMS_"  // + public key
	KeyRef    = "REFMAP_"  // + base64url of the reference, unpadded
)

// RefMapKey is the KV key of an image reference.
func RefMapKey(ref string) string {
	return KeyRef + base64.RawURLEncoding.EncodeToString([]byte(ref))
}

// RefMap is the value of a RefMapKey.
type RefMap struct {
	OCIURL    string `json:"oci_url"`
	PublicKey string `json:"public_key"`
}

// ClaimsRecord is what a lattice publishes about an actor or provider. It is
// flat and all strings on purpose: wash 0.17 fails on any other value anywhere
// in the list, and the Elixir host crashes when call_alias is missing.
type ClaimsRecord map[string]string

// Members of a ClaimsRecord; NewActorRecord and NewProviderRecord set them all.
const (
	ClaimAlias    = "call_alias"
	ClaimCaps     = "caps" // comma-separated
	ClaimContract = "contract_id"
	ClaimIssuer   = "iss"
	ClaimName     = "name"
	ClaimRevision = "rev"
	ClaimSubject  = "sub"
	ClaimTags     = "tags" // comma-separated
	ClaimVersion  = "version"
)

// NewActorRecord makes the record of an actor's token.
func NewActorRecord(c *claims.Claims[claims.Actor]) ClaimsRecord {
	r := ClaimsRecord{
		ClaimAlias: "", ClaimCaps: "", ClaimContract: "", ClaimName: "", ClaimRevision: "0", ClaimTags: "", ClaimVersion: "",
		ClaimIssuer:  string(c.Issuer),
		ClaimSubject: c.Subject,
	}
	m := c.Metadata
	if m == nil {
		return r
	}
	r[ClaimName] = m.Name
	r[ClaimCaps] = strings.Join(m.Caps, ",")
	r[ClaimTags] = strings.Join(m.Tags, ",")
	if m.CallAlias != nil {
		r[ClaimAlias] = *m.CallAlias
	}
	if m.Rev != nil {
		r[ClaimRevision] = strconv.Itoa(int(*m.Rev))
	}
	if m.Ver != nil {
		r[ClaimVersion] = *m.Ver
	}
	return r
}

// NewProviderRecord makes the record of a provider's token.
func NewProviderRecord(c *claims.Claims[claims.Provider]) ClaimsRecord {
	r := ClaimsRecord{
		ClaimAlias: "", ClaimCaps: "", ClaimContract: "", ClaimName: "", ClaimRevision: "0", ClaimTags: "", ClaimVersion: "",
		ClaimIssuer:  string(c.Issuer),
		ClaimSubject: c.Subject,
	}
	m := c.Metadata
	if m == nil {
		return r
	}
	r[ClaimContract] = m.CapID
	if m.Name != nil {
		r[ClaimName] = *m.Name
	}
	if m.Rev != nil {
		r[ClaimRevision] = strconv.Itoa(int(*m.Rev))
	}
	if m.Ver != nil {
		r[ClaimVersion] = *m.Ver
	}
	return r
}

// UnmarshalClaimsRecord reads a record of any generation into the flat form.
// Rust hosts since 0.81 write longer names, arrays and numbers.
func UnmarshalClaimsRecord(b []byte) (ClaimsRecord, error) {
	var raw map[string]any
	if err := DecodeJSON(b, &raw); err != nil {
		return nil, fmt.Errorf("claims record: %w", err)
	}
	long := map[string]string{"capabilities": ClaimCaps, "issuer": ClaimIssuer, "revision": ClaimRevision, "subject": ClaimSubject}
	r := ClaimsRecord{}
	for key, value := range raw {
		if short, ok := long[key]; ok {
			key = short
		}
		r[key] = flat(value)
	}
	return r, nil
}

func flat(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		parts := make([]string, len(v))
		for i, p := range v {
			parts[i] = flat(p)
		}
		return strings.Join(parts, ",")
	}
	b, err := EncodeJSON(v)
	if err != nil {
		return ""
	}
	return string(b)
}
