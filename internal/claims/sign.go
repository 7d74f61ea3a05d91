package claims

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

const (
	header   = `{"typ":"jwt","alg":"Ed25519"}`
	idSize   = 22
	alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// Sign gives the token of c, signed by issuer. The claims name issuer as their
// issuer. An empty ID becomes one derived from the rest of the claims, so that
// equal claims and keys give equal tokens.
func Sign[M any](c Claims[M], issuer *strkey.Seed) (token string, err error) {
	if issuer == nil {
		return "", errors.New("signing a token: no key to sign with")
	}
	c.Issuer = issuer.Public()
	if c.Subject == "" {
		return "", errors.New("signing a token: it has no subject")
	}
	if c.Expires < 0 || c.NotBefore < 0 || c.IssuedAt < 0 {
		return "", errors.New("signing a token: a date before 1970")
	}
	if c.ID == "" {
		if c.ID, err = DeriveID(c); err != nil {
			return "", fmt.Errorf("signing a token: %w", err)
		}
	}
	body, err := Encode(c)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	signed := encode([]byte(header)) + "." + encode(body)
	sig, err := issuer.Sign([]byte(signed))
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	if token = signed + "." + encode(sig); len(token) > MaxToken {
		return "", fmt.Errorf("signing a token: it would have %d bytes, more than the %d that are read", len(token), MaxToken)
	}
	return token, nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Encode gives the JSON of a token as wascap writes it: compact, and with <, >
// and & as they are.
func Encode[M any](c Claims[M]) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(c); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// DeriveID gives the id of c: the last 22 base-62 digits of the SHA-256 of the
// claims' JSON without the id. They look like the random ids of wash, and hold
// 131 bits of the hash.
func DeriveID[M any](c Claims[M]) (string, error) {
	c.ID = ""
	body, err := Encode(c)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	n, base, digit := new(big.Int).SetBytes(sum[:]), big.NewInt(int64(len(alphabet))), new(big.Int)
	id := make([]byte, idSize)
	for i := len(id) - 1; i >= 0; i-- {
		n.QuoRem(n, base, digit)
		id[i] = alphabet[digit.Int64()]
	}
	return string(id), nil
}

// RandomID gives an id as wash makes them, from rand.
func RandomID(rand io.Reader) (string, error) {
	// 62 × 4 = 248: larger bytes would favour the first letters.
	const limit = 62 * 4
	var id strings.Builder
	for one := make([]byte, 1); id.Len() < idSize; {
		if _, err := io.ReadFull(rand, one); err != nil {
			return "", fmt.Errorf("making a token's id: %w", err)
		}
		if one[0] < limit {
			id.WriteByte(alphabet[one[0]%62])
		}
	}
	return id.String(), nil
}
