package claims

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// Parse reads a token and verifies its signature by the issuer that it names. It
// says nothing about who that is, nor about dates: CheckTime does.
func Parse[M any](token string) (*Claims[M], error) {
	head, body, sig, err := split(token)
	if err != nil {
		return nil, fmt.Errorf("reading the token: %w", err)
	}
	if err := checkHeader(head); err != nil {
		return nil, fmt.Errorf("reading the token: %w", err)
	}
	c, err := decode[M](body)
	if err != nil {
		return nil, fmt.Errorf("reading the token's claims: %w", err)
	}
	signed := token[:strings.LastIndexByte(token, '.')]
	if err := c.Issuer.Verify([]byte(signed), sig); err != nil {
		return nil, fmt.Errorf("verifying the token: %w", err)
	}
	return c, nil
}

func split(token string) (head, body, sig []byte, err error) {
	if len(token) > MaxToken {
		return nil, nil, nil, fmt.Errorf("it has %d bytes; %d are the most that are read", len(token), MaxToken)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, nil, nil, fmt.Errorf("it should have three parts between dots, but has %d", len(parts))
	}
	var out [3][]byte
	for i, part := range parts {
		// Go's decoder skips line breaks: two texts would then be one token.
		if strings.ContainsAny(part, "\r\n") {
			return nil, nil, nil, errors.New("it holds a line break")
		}
		if out[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return nil, nil, nil, fmt.Errorf("part %d is not base64url: %w", i+1, err)
		}
	}
	return out[0], out[1], out[2], nil
}

func checkHeader(head []byte) error {
	if string(head) == header {
		return nil
	}
	var h struct {
		Type      string `json:"typ"`
		Algorithm string `json:"alg"`
	}
	if err := json.Unmarshal(head, &h); err != nil {
		return fmt.Errorf("its header is no JSON: %w", err)
	}
	if h.Algorithm != "Ed25519" || h.Type != "jwt" {
		return fmt.Errorf("its header says type %q and algorithm %q; wanted are jwt and Ed25519", h.Type, h.Algorithm)
	}
	return nil
}

// DecodeUnsigned reads claims that are not in a token, such as a request to sign
// them, by the same rules as Parse but for the issuer and subject, which may be
// missing.
func DecodeUnsigned[M any](body []byte) (*Claims[M], error) {
	expires, err := checkMembers(body)
	if err != nil {
		return nil, err
	}
	var c Claims[M]
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, err
	}
	// Else it would pass for a token without an expiry; it expired in 1970.
	if expires && c.Expires <= 0 {
		return nil, fmt.Errorf("expiry (exp) of %d", c.Expires)
	}
	if c.NotBefore < 0 || c.IssuedAt < 0 {
		return nil, errors.New("a date before 1970")
	}
	return &c, nil
}

func decode[M any](body []byte) (*Claims[M], error) {
	c, err := DecodeUnsigned[M](body)
	if err != nil {
		return nil, err
	}
	if c.Subject == "" {
		return nil, errors.New("no subject (sub)")
	}
	if _, err := strkey.ParsePublic(string(c.Issuer)); err != nil {
		return nil, fmt.Errorf("the issuer (iss): %w", err)
	}
	return c, nil
}
