package signing

import (
	"encoding/json"
	"fmt"
	"os"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// ProviderFlags are the flags that say what a provider's token claims.
type ProviderFlags struct {
	name, capID, vendor, version, schema string
	revision                             int32
}

// Add adds the flags; short is the letter for --version, if it is free in the
// command.
func (p *ProviderFlags) Add(cmd *cobra.Command, short string) {
	f := cmd.Flags()
	f.StringVarP(&p.name, "name", "n", "", "`name` of the provider, for people (required)")
	f.StringVarP(&p.capID, "capid", "c", "", "contract `id` that it provides, such as wasmcloud:keyvalue (required)")
	f.StringVarP(&p.vendor, "vendor", "v", "", "`vendor` (required)")
	f.Int32VarP(&p.revision, "revision", "r", 0, "revision `number`; hosts keep the executable of a positive one: with 0 or none each build gets a place of its own")
	f.StringVarP(&p.version, "version", short, "", "`version` for people")
	f.StringVar(&p.schema, "schema", "", "`file` with a JSON schema of the provider's configuration")
}

// Given reports whether any of the flags was used.
func (p *ProviderFlags) Given(cmd *cobra.Command) bool {
	for _, flag := range []string{"name", "capid", "vendor", "revision", "version", "schema"} {
		if cmd.Flags().Changed(flag) {
			return true
		}
	}
	return false
}

// Metadata checks the flags and gives the claims, without hashes.
func (p *ProviderFlags) Metadata(cmd *cobra.Command) (*claims.Provider, error) {
	if p.name == "" || p.capID == "" || p.vendor == "" {
		return nil, cli.Usage("a provider needs --name, --capid and --vendor")
	}
	for _, text := range []string{p.name, p.capID, p.vendor, p.version} {
		if !utf8.ValidString(text) {
			return nil, cli.Usage("%q is not UTF-8", text)
		}
	}
	m := &claims.Provider{Name: &p.name, CapID: p.capID, Vendor: p.vendor, TargetHashes: map[string]string{}}
	if cmd.Flags().Changed("revision") {
		m.Rev = &p.revision
	}
	if cmd.Flags().Changed("version") {
		m.Ver = &p.version
	}
	if p.schema != "" {
		var err error
		if m.ConfigSchema, err = readSchema(p.schema); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func readSchema(path string) (json.RawMessage, error) {
	body, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the schema: %w", err)
	}
	if !json.Valid(body) {
		return nil, fmt.Errorf("the schema in %s is no JSON", path)
	}
	return body, nil // the token's encoder takes the white space out
}

// ProviderClaims gives the claims of a provider's token, complete but for issuer
// and subject. The hashes must be in m: without a revision the issue date says
// which build it is.
func ProviderClaims(cmd *cobra.Command, s *cli.IO, m *claims.Provider, when *DateFlags) (claims.Claims[claims.Provider], error) {
	none := claims.Claims[claims.Provider]{}
	at, err := when.Resolve(s, cmd)
	if err != nil {
		return none, err
	}
	id, err := when.FreshID()
	if err != nil {
		return none, err
	}
	// A commit's date would not do: an edited provider would have that of the one before.
	if !when.fresh {
		at.Issued = par.IssueDate(m, at.Issued)
	}
	return claims.Claims[claims.Provider]{
		Expires: at.Expires, ID: id, IssuedAt: at.Issued, NotBefore: at.NotBefore, Metadata: m, Revision: claims.Revision,
	}, nil
}

// ProviderKeys finds the key that signs a provider and the one that identifies it.
func (k *KeyFlags) ProviderKeys(s *cli.IO, stem, name string) (*strkey.Seed, string, error) {
	issuer, err := k.Account(s)
	if err != nil {
		return nil, "", err
	}
	subject, err := k.Identity(s, strkey.Service, stem, issuer.Public(), name)
	return issuer, string(subject), err
}
