package parpack

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/bazel"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// claimsFile is the file of claims that a rule writes. Texts may hold {KEY} of a
// stamped build; a member that is absent is not claimed.
type claimsFile struct {
	Account   strkey.PublicKey `json:"account"`           // who signs; never a seed
	Subject   string           `json:"subject,omitempty"` // "" = derived from account and name
	Name      string           `json:"name"`
	CapID     string           `json:"capid"`
	Vendor    string           `json:"vendor"`
	Version   *string          `json:"version,omitempty"`
	Revision  *string          `json:"revision,omitempty"` // a number
	Schema    json.RawMessage  `json:"schema,omitempty"`
	Expires   string           `json:"expires,omitempty"` // as --expires-at
	NotBefore string           `json:"not_before,omitempty"`
}

func (c *claimsFile) stamp(files []string) error {
	status, err := bazel.ReadStatus(files...)
	if err != nil {
		return err
	}
	for _, text := range []*string{&c.Name, &c.Vendor, c.Version, c.Revision} {
		if text == nil {
			continue
		}
		if *text, err = status.Expand(*text); err != nil {
			return err
		}
	}
	return nil
}

// claims gives the token's claims. What `parpack create` makes of the same values
// has the same bytes.
func (c *claimsFile) claims(hashes map[string]string) (*claims.Claims[claims.Provider], error) {
	if c.Name == "" || c.CapID == "" || c.Vendor == "" {
		return nil, errors.New("the claims need a name, a contract (capid) and a vendor")
	}
	m := &claims.Provider{Name: &c.Name, CapID: c.CapID, Vendor: c.Vendor, Ver: c.Version, TargetHashes: hashes, ConfigSchema: c.Schema}
	if c.Revision != nil {
		n, err := strconv.ParseInt(*c.Revision, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("revision %q: want a whole number below 2147483648", *c.Revision)
		}
		rev := int32(n)
		m.Rev = &rev
	}
	out := &claims.Claims[claims.Provider]{Issuer: c.Account, Metadata: m, Revision: claims.Revision, IssuedAt: par.IssueDate(m, 0)}
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
	subject, err := strkey.Keys{}.Subject(strkey.Service, c.Subject, "", c.Account, c.Name)
	if err != nil {
		return nil, err
	}
	out.Subject = string(subject.Public)
	return out, nil
}
