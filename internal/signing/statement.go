package signing

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// Statement is what is to be signed, of an actor or of a provider.
type Statement interface {
	Encode() ([]byte, error)
	Sign(issuer *strkey.Seed) (token string, err error)
	// Differs tells what a token says otherwise, one line for each claim.
	Differs(token string) (lines string, err error)
}

// Claimed is the statement of one kind of artifact.
type Claimed[M any] struct {
	*claims.Claims[M]
	// lasting: the expiry counts from now, so that a token signed before has an
	// earlier one.
	lasting bool
	parse   func(token string) (*claims.Claims[M], error)
	// members lists what only this kind claims.
	members func(*claims.Claims[M]) []member
}

// ActorClaimed is what is claimed of an actor. Lasting says that its expiry counts from now.
func ActorClaimed(c *claims.Claims[claims.Actor], lasting bool) Claimed[claims.Actor] {
	return Claimed[claims.Actor]{c, lasting, ParseActor, actorMembers}
}

// ProviderClaimed is what is claimed of a provider. Lasting says that its expiry counts from now.
func ProviderClaimed(c *claims.Claims[claims.Provider], lasting bool) Claimed[claims.Provider] {
	return Claimed[claims.Provider]{c, lasting, ParseProvider, providerMembers}
}

type member struct {
	name  string
	value any
}

// Encode gives the claims as JSON: a request, for somebody with the key to sign.
func (c Claimed[M]) Encode() ([]byte, error) { return claims.Encode(*c.Claims) }

// Sign signs the claims.
func (c Claimed[M]) Sign(issuer *strkey.Seed) (string, error) { return claims.Sign(*c.Claims, issuer) }

// Differs tells what a token says otherwise, one line for each claim.
func (c Claimed[M]) Differs(token string) (string, error) {
	got, err := c.parse(token)
	if err != nil {
		return "", err
	}
	want := *c.Claims
	if c.lasting && got.Expires > 0 && got.Expires <= want.Expires {
		want.Expires = got.Expires
	}
	var out bytes.Buffer
	has := c.list(got)
	for i, w := range c.list(&want) {
		wanted, _ := json.Marshal(w.value)
		signed, _ := json.Marshal(has[i].value)
		if !bytes.Equal(wanted, signed) {
			fmt.Fprintf(&out, "  %s: wanted %s, signed %s\n", w.name, wanted, signed)
		}
	}
	return out.String(), nil
}

func (c Claimed[M]) list(of *claims.Claims[M]) []member {
	return append([]member{{"issuer", of.Issuer}, {"subject", of.Subject}, {"expires", of.Expires}, {"not before", of.NotBefore}}, c.members(of)...)
}

func actorMembers(c *claims.Claims[claims.Actor]) []member {
	m := c.Metadata
	return []member{{"hash of the module", m.Hash}, {"name", m.Name}, {"version", m.Ver}, {"revision", m.Rev}, {"capabilities", m.Caps}, {"tags", m.Tags},
		{"call alias", m.CallAlias}, {"provider", m.Prov}}
}

func providerMembers(c *claims.Claims[claims.Provider]) []member {
	m := c.Metadata
	// Hosts keep executables by their date of issue: another one may be another file.
	return []member{{"date of issue, which tells one build from another", c.IssuedAt}, {"hashes of the executables", m.TargetHashes}, {"name", m.Name}, {"version", m.Ver}, {"revision", m.Rev}, {"contract", m.CapID},
		{"vendor", m.Vendor}, {"configuration's schema", m.ConfigSchema}}
}

// ParseActor reads the token of an actor, and verifies its signature.
func ParseActor(token string) (*claims.Claims[claims.Actor], error) {
	c, err := claims.Parse[claims.Actor](token)
	if err == nil && c.Metadata == nil {
		err = errors.New("it says nothing about a module (no wascap member)")
	}
	return checkKinds(c, err, strkey.Module)
}

// ParseProvider reads the token of a provider, and verifies its signature.
func ParseProvider(token string) (*claims.Claims[claims.Provider], error) {
	c, err := par.ParseToken(token)
	return checkKinds(c, err, strkey.Service)
}

// checkKinds lets only claims through by which an account speaks of such a subject.
func checkKinds[M any](c *claims.Claims[M], err error, subject strkey.Kind) (*claims.Claims[M], error) {
	if err == nil && c.Issuer.Kind() != strkey.Account {
		err = fmt.Errorf("its issuer %s is no account (A…)", c.Issuer)
	}
	if err == nil {
		_, err = strkey.ParsePublic(c.Subject, subject)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}
