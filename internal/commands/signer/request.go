package signer

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

func requestCommand(s *cli.IO) *cobra.Command {
	var keys signing.KeyFlags
	cmd := &cobra.Command{
		Use:   "sign-request REQUEST",
		Short: "Sign claims that were made elsewhere, without the module",
		Long: `Sign the claims in the file REQUEST (- for standard input) and print the token. A request is a token's claims as JSON,
as ` + "`signer token actor --unsigned` and `signer token provider --unsigned`" + ` print them: with the hashes of what is signed, and
without the files. Its issuer (iss), if it names one, must be the signing key; a subject (sub) that it leaves out is
found as ` + "`signer sign`" + ` finds it, by the claim's name.`,
		Example: `  signer sign-request echo.request.json --issuer release_account.nk > echo.jwt
  signer embed build/echo.wasm echo.jwt`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := signing.ReadSmall(cmd.Context(), s, args[0])
			if err != nil {
				return fmt.Errorf("reading the request: %w", err)
			}
			token, err := signBody(s, body, &keys)
			var bad *requestError
			if errors.As(err, &bad) {
				return fmt.Errorf("the request in %s: %w", args[0], bad.err)
			}
			if err != nil {
				return err
			}
			return printToken(cmd, s, token)
		},
	}
	keys.Add(cmd, "")
	return cmd
}

// requestError says what is wrong with a request, not with the keys.
type requestError struct{ err error }

func (e *requestError) Error() string { return e.err.Error() }
func (e *requestError) Unwrap() error { return e.err }

// signBody signs a request for a module or for a provider, which alone has a
// contract.
func signBody(s *cli.IO, body []byte, keys *signing.KeyFlags) (string, error) {
	var kind struct {
		Wascap struct{ CapID *string }
	}
	if json.Unmarshal(body, &kind) == nil && kind.Wascap.CapID != nil {
		c, err := readProviderRequest(body)
		if err != nil {
			return "", &requestError{err}
		}
		return signRequest(s, c, keys, strkey.Service, *c.Metadata.Name)
	}
	c, err := readRequest(body)
	if err != nil {
		return "", &requestError{err}
	}
	return signRequest(s, c, keys, strkey.Module, c.Metadata.Name)
}

func readProviderRequest(body []byte) (*claims.Claims[claims.Provider], error) {
	c, err := claims.DecodeUnsigned[claims.Provider](body)
	switch {
	case err != nil:
		return nil, err
	case c.Metadata.Name == nil || *c.Metadata.Name == "":
		return nil, errors.New("the provider has no name (wascap.name)")
	case c.Revision != 0 && c.Revision != claims.Revision:
		return nil, fmt.Errorf("wascap_revision %d; known are %d and none", c.Revision, claims.Revision)
	case len(c.Metadata.TargetHashes) == 0:
		return nil, errors.New("it has no hash of an executable (wascap.target_hashes)")
	}
	for target, hash := range c.Metadata.TargetHashes {
		if err := checkHash(hash); err != nil {
			return nil, fmt.Errorf("%s: %w", target, err)
		}
	}
	return c, checkSubject(c.Subject, strkey.Service)
}

func checkSubject(subject string, kind strkey.Kind) error {
	if subject == "" {
		return nil
	}
	if _, err := strkey.ParsePublic(subject, kind); err != nil {
		return fmt.Errorf("the subject (sub): %w", err)
	}
	return nil
}

// readRequest checks what the one who signs cannot see: there is no module here.
func readRequest(body []byte) (*claims.Claims[claims.Actor], error) {
	c, err := claims.DecodeUnsigned[claims.Actor](body)
	switch {
	case err != nil:
		return nil, err
	case c.Metadata == nil:
		return nil, errors.New("it claims nothing about a module (no wascap member)")
	case c.Metadata.Name == "":
		return nil, errors.New("the module has no name (wascap.name)")
	case c.Revision != 0 && c.Revision != claims.Revision:
		return nil, fmt.Errorf("wascap_revision %d; known are %d, and none for the legacy form", c.Revision, claims.Revision)
	case c.Metadata.Prov && len(c.Metadata.Caps) > 1:
		return nil, errors.New("a provider (prov) with more than one contract")
	}
	if err := checkHash(c.Metadata.Hash); err != nil {
		return nil, err
	}
	if c.Metadata.CallAlias != nil {
		if err := claims.CheckAlias(*c.Metadata.CallAlias); err != nil {
			return nil, err
		}
	}
	return c, checkSubject(c.Subject, strkey.Module)
}

func signRequest[M any](s *cli.IO, c *claims.Claims[M], keys *signing.KeyFlags, kind strkey.Kind, name string) (string, error) {
	issuer, err := keys.Account(s)
	if err != nil {
		return "", err
	}
	if c.Issuer != "" && c.Issuer != issuer.Public() {
		return "", fmt.Errorf("the request is for the issuer %s, and the key found is %s: give its seed by --issuer", c.Issuer, issuer.Public())
	}
	if c.Subject == "" || keys.Subject != "" {
		subject, err := keys.Identity(s, kind, name, issuer.Public(), name)
		if err != nil {
			return "", err
		}
		if c.Subject != "" && c.Subject != string(subject) {
			return "", fmt.Errorf("the request is for the subject %s, and --subject is %s", c.Subject, subject)
		}
		c.Subject = string(subject)
	}
	signing.NoteDevelopment(s, issuer)
	return claims.Sign(*c, issuer)
}
