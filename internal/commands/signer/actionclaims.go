package signer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/bazel"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// claimsFile is the file of claims that a rule writes. Texts may hold {KEY} of a
// stamped build; a member that is absent is not claimed.
type claimsFile struct {
	Account   strkey.PublicKey `json:"account"`           // who signs; never a seed
	Subject   string           `json:"subject,omitempty"` // "" = derived from account and name
	Name      string           `json:"name"`
	Version   *string          `json:"version,omitempty"`
	Revision  *string          `json:"revision,omitempty"` // a number
	Caps      []string         `json:"caps,omitempty"`
	Tags      []string         `json:"tags,omitempty"`
	CallAlias *string          `json:"call_alias,omitempty"`
	Provider  bool             `json:"provider,omitempty"`
	Expires   string           `json:"expires,omitempty"` // as --expires-at
	NotBefore string           `json:"not_before,omitempty"`
	Legacy    bool             `json:"legacy,omitempty"`

	hash string
}

func (f *actionFiles) addStatus(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.status, "status", nil, "workspace status `file` with values for {KEY} in the claims")
}

// read reads the claims and the hash that goes with them.
func (f *actionFiles) read() (*claimsFile, error) {
	body, err := os.ReadFile(f.claims)
	if err != nil {
		return nil, fmt.Errorf("reading the claims: %w", err)
	}
	c := &claimsFile{}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(c); err != nil {
		return nil, fmt.Errorf("the claims in %s: %w", f.claims, err)
	}
	if len(f.status) > 0 {
		if err := c.stamp(f.status); err != nil {
			return nil, err
		}
	}
	hash, err := os.ReadFile(f.hash)
	if err != nil {
		return nil, fmt.Errorf("reading the hash: %w", err)
	}
	c.hash = strings.TrimSpace(string(hash))
	return c, checkHash(c.hash)
}

func (c *claimsFile) stamp(files []string) error {
	status, err := bazel.ReadStatus(files...)
	if err != nil {
		return err
	}
	texts := []*string{&c.Name, c.Version, c.Revision}
	for i := range c.Tags {
		texts = append(texts, &c.Tags[i])
	}
	for _, text := range texts {
		if text == nil {
			continue
		}
		if *text, err = status.Expand(*text); err != nil {
			return err
		}
	}
	return nil
}

// claims gives the token's claims. What `signer sign` makes of the same values has
// the same bytes.
func (c *claimsFile) claims() (*claims.Claims[claims.Actor], error) {
	m := &claims.Actor{Name: c.Name, Hash: c.hash, Ver: c.Version, Prov: c.Provider, CallAlias: c.CallAlias,
		Tags: append([]string{}, c.Tags...), Caps: append([]string{}, c.Caps...)}
	if m.Name == "" {
		return nil, fmt.Errorf("the claims have no name")
	}
	if c.Provider && len(m.Caps) > 1 {
		return nil, fmt.Errorf("a provider has at most one contract; given are %d: %q", len(m.Caps), m.Caps)
	}
	if c.CallAlias != nil {
		if err := claims.CheckAlias(*c.CallAlias); err != nil {
			return nil, err
		}
	}
	if c.Revision != nil {
		n, err := strconv.ParseInt(*c.Revision, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("revision %q: want a whole number below 2147483648", *c.Revision)
		}
		rev := int32(n)
		m.Rev = &rev
	}
	out := &claims.Claims[claims.Actor]{Issuer: c.Account, Metadata: m, Revision: claims.Revision}
	if c.Legacy {
		out.Revision = 0
	}
	var err error
	if out.Expires, err = signing.Instant("expires", 0, false, c.Expires, 0); err != nil {
		return nil, err
	}
	if out.NotBefore, err = signing.Instant("not_before", 0, false, c.NotBefore, 0); err != nil {
		return nil, err
	}
	if _, err := strkey.ParsePublic(string(c.Account), strkey.Account); err != nil {
		return nil, fmt.Errorf("the account: %w", err)
	}
	// Keys without folder and environment: the subject depends on what is declared.
	subject, err := strkey.Keys{}.Subject(strkey.Module, c.Subject, "", c.Account, c.Name)
	if err != nil {
		return nil, err
	}
	out.Subject = string(subject.Public)
	return out, nil
}
