package signer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// claimsFile is the file of claims that a rule writes, stamped if the build is; a
// member that is absent is not claimed.
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
	Expires   string           `json:"expires,omitempty"`    // as --expires-at
	ExpiresIn int64            `json:"expires_in,omitempty"` // days from the signing
	NotBefore string           `json:"not_before,omitempty"`
	Legacy    bool             `json:"legacy,omitempty"`
	CapID     string           `json:"capid,omitempty"`  // of a provider archive, as is the next
	Vendor    string           `json:"vendor,omitempty"` //
}

// claimed adds the flags of what is signed beside the claims.
func (f *actionFiles) claimed(cmd *cobra.Command) *cobra.Command {
	fl := cmd.Flags()
	fl.StringVar(&f.hash, "hash", "", "`file` with the module's hash")
	fl.StringArrayVar(&f.targets, "target", nil, "`TARGET=FILE` with the hash of a provider's executable; may be given more than once")
	fl.StringVar(&f.schema, "schema", "", "JSON `file`: the schema of a provider's configuration")
	return cmd
}

// read reads the claims, and makes of them and of the hashes what is signed.
func (f *actionFiles) read(s *cli.IO) (*claimsFile, signing.Statement, error) {
	body, err := os.ReadFile(f.claims)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the claims: %w", err)
	}
	c := &claimsFile{}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(c); err != nil {
		return nil, nil, fmt.Errorf("the claims in %s: %w", f.claims, err)
	}
	if c.Name == "" {
		return nil, nil, fmt.Errorf("the claims have no name")
	}
	var want signing.Statement
	if c.CapID != "" {
		want, err = f.provider(c, s.Now())
	} else {
		want, err = f.actor(c, s.Now())
	}
	return c, want, err
}

func readHash(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("reading the hash: %w", err)
	}
	hash := strings.TrimSpace(string(text))
	return hash, checkHash(hash)
}

// actor gives an actor's claims. What `signer sign` makes of the same values has the
// same bytes. now is what a relative expiry counts from.
func (f *actionFiles) actor(c *claimsFile, now time.Time) (signing.Statement, error) {
	hash, err := readHash(f.hash)
	if err != nil {
		return nil, err
	}
	m := &claims.Actor{Name: c.Name, Hash: hash, Ver: c.Version, Prov: c.Provider, CallAlias: c.CallAlias,
		Tags: append([]string{}, c.Tags...), Caps: append([]string{}, c.Caps...)}
	if c.Provider && len(m.Caps) > 1 {
		return nil, fmt.Errorf("a provider has at most one contract; given are %d: %q", len(m.Caps), m.Caps)
	}
	if c.CallAlias != nil {
		if err := claims.CheckAlias(*c.CallAlias); err != nil {
			return nil, err
		}
	}
	if m.Rev, err = c.revision(); err != nil {
		return nil, err
	}
	out, err := common(c, m, strkey.Module, now)
	if err != nil {
		return nil, err
	}
	if c.Legacy {
		out.Revision = 0
	}
	return signing.ActorClaimed(out, c.ExpiresIn > 0), nil
}

// provider gives a provider's claims, as `parpack create` makes them.
func (f *actionFiles) provider(c *claimsFile, now time.Time) (signing.Statement, error) {
	if c.Vendor == "" {
		return nil, fmt.Errorf("the claims have no vendor")
	}
	m := &claims.Provider{Name: &c.Name, CapID: c.CapID, Vendor: c.Vendor, Ver: c.Version, TargetHashes: map[string]string{}}
	for _, text := range f.targets {
		name, file, _ := strings.Cut(text, "=")
		target, err := par.ParseTarget(name)
		if err != nil {
			return nil, err
		}
		if _, twice := m.TargetHashes[string(target)]; twice {
			return nil, fmt.Errorf("two executables for %s", target)
		}
		if m.TargetHashes[string(target)], err = readHash(file); err != nil {
			return nil, err
		}
	}
	if len(m.TargetHashes) == 0 {
		return nil, fmt.Errorf("a provider needs at least one executable: --target %s=FILE", par.HostTarget())
	}
	if f.schema != "" {
		body, err := os.ReadFile(f.schema)
		if err != nil {
			return nil, err
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, body); err != nil {
			return nil, fmt.Errorf("the schema in %s: %w", f.schema, err)
		}
		m.ConfigSchema = compact.Bytes()
	}
	var err error
	if m.Rev, err = c.revision(); err != nil {
		return nil, err
	}
	out, err := common(c, m, strkey.Service, now)
	if err != nil {
		return nil, err
	}
	out.IssuedAt = par.IssueDate(m, 0)
	return signing.ProviderClaimed(out, c.ExpiresIn > 0), nil
}

func (c *claimsFile) revision() (*int32, error) {
	if c.Revision == nil {
		return nil, nil
	}
	n, err := strconv.ParseInt(*c.Revision, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("revision %q: want a whole number below 2147483648", *c.Revision)
	}
	rev := int32(n)
	return &rev, nil
}

// common gives what the claims of every kind have.
func common[M any](c *claimsFile, metadata *M, kind strkey.Kind, now time.Time) (*claims.Claims[M], error) {
	out := &claims.Claims[M]{Issuer: c.Account, Metadata: metadata, Revision: claims.Revision}
	var err error
	if out.Expires, err = signing.Instant("expires", c.ExpiresIn, c.ExpiresIn != 0, c.Expires, now.Unix()); err != nil {
		return nil, err
	}
	if out.NotBefore, err = signing.Instant("not_before", 0, false, c.NotBefore, 0); err != nil {
		return nil, err
	}
	if _, err := strkey.ParsePublic(string(c.Account), strkey.Account); err != nil {
		return nil, fmt.Errorf("the account: %w", err)
	}
	// Keys without folder and environment: the subject depends on what is declared.
	subject, err := strkey.Keys{}.Subject(kind, c.Subject, "", c.Account, c.Name)
	if err != nil {
		return nil, err
	}
	out.Subject = string(subject.Public)
	return out, nil
}
