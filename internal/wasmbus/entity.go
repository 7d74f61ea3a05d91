package wasmbus

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Entity is one end of an invocation. For an actor LinkName and ContractID are
// empty, for a provider all three are set.
type Entity struct {
	PublicKey  string `json:"public_key"`
	LinkName   string `json:"link_name"`
	ContractID string `json:"contract_id"`
}

// Actor is the entity of an actor's M… key.
func Actor(key string) Entity { return Entity{PublicKey: key} }

// URL is the form of an entity that invocation tokens are bound to.
// The rule is wasmbus-rpc's: a key that begins with M, in either case, is an
// actor; everything else is written as a provider, even wash's `__WASH__`.
func (e Entity) URL() string {
	if strings.HasPrefix(e.PublicKey, "M") || strings.HasPrefix(e.PublicKey, "m") {
		return "wasmbus://" + e.PublicKey
	}
	contract := strings.NewReplacer(":", "/", " ", "_").Replace(strings.ToLower(e.ContractID))
	link := strings.ReplaceAll(strings.ToLower(e.LinkName), " ", "_")
	return "wasmbus://" + contract + "/" + link + "/" + e.PublicKey
}

// TargetURL is the URL of one operation of an entity.
func TargetURL(target Entity, operation string) string {
	return target.URL() + "/" + operation
}

// Hash is the upper-case hex SHA-256 that an invocation token binds:
// origin URL, target URL, operation and the whole argument, unseparated.
func Hash(origin, target Entity, operation string, msg []byte) string {
	return hashURLs(origin.URL(), TargetURL(target, operation), operation, msg)
}

func hashURLs(originURL, targetURL, operation string, msg []byte) string {
	h := sha256.New()
	h.Write([]byte(originURL))
	h.Write([]byte(targetURL))
	h.Write([]byte(operation))
	h.Write(msg)
	return upperHex(h.Sum(nil))
}

func upperHex(sum []byte) string { return strings.ToUpper(hex.EncodeToString(sum)) }

// NewUUID makes a random (version 4) UUID in its hyphenated form.
func NewUUID() string {
	var u [16]byte
	rand.Read(u[:]) // never fails since Go 1.24
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
