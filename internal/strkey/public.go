package strkey

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nkeys"
)

// PublicKey is the 56-character text of a public key. Values made by ParsePublic
// or Seed.Public are valid; others are found out by Verify.
type PublicKey string

// ErrSignature is what Verify's error wraps when the key is sound and the
// signature is not.
var ErrSignature = errors.New("the signature does not match")

// ParsePublic checks s and gives it as a PublicKey. With want, the key must be of
// one of those kinds.
func ParsePublic(s string, want ...Kind) (PublicKey, error) {
	if len(s) == seedSize && strings.HasPrefix(s, "S") {
		// Not quoted: it is most likely a secret.
		return "", errors.New("a seed was given where a public key is wanted")
	}
	if len(s) != publicSize {
		return "", fmt.Errorf("%s is no public key: it should be %d characters, but was %d", quote(s), publicSize, len(s))
	}
	kind, _, err := decodePublic(s)
	if err != nil {
		return "", fmt.Errorf("%s is no public key: %w", quote(s), err)
	}
	if !kind.wanted(want) {
		return "", fmt.Errorf("%s is a key of kind %s; wanted is %s", s, kind, kindNames(want, "%c…"))
	}
	return PublicKey(s), nil
}

// quote shortens what is shown of a text that may be anything.
func quote(s string) string {
	if len(s) > 64 {
		return fmt.Sprintf("%q…", s[:64])
	}
	return fmt.Sprintf("%q", s)
}

// Kind gives the kind that the key's letter stands for, and 0 for an empty key.
func (p PublicKey) Kind() Kind {
	if p == "" {
		return 0
	}
	return Kind(p[0])
}

// Verify returns nil if sig is this key's Ed25519 signature over msg.
func (p PublicKey) Verify(msg, sig []byte) error {
	if len(p) != publicSize {
		return fmt.Errorf("%s is no public key", quote(string(p)))
	}
	_, raw, err := decodePublic(string(p))
	if err != nil {
		return fmt.Errorf("%s is no public key: %w", quote(string(p)), err)
	}
	// nkeys knows no M and V: the raw key is the same under any prefix.
	account, err := nkeys.Encode(nkeys.PrefixByteAccount, raw)
	if err != nil {
		return fmt.Errorf("reading the key %s: %w", p, err)
	}
	pair, err := nkeys.FromPublicKey(string(account))
	if err != nil {
		return fmt.Errorf("reading the key %s: %w", p, err)
	}
	if err := pair.Verify(msg, sig); err != nil {
		return fmt.Errorf("%w (key %s)", ErrSignature, p)
	}
	return nil
}
