package signer

import (
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
as ` + "`signer token actor --unsigned`" + ` prints them: with the module's hash, and without the module. Its issuer (iss), if it names
one, must be the signing key; a subject (sub) that it leaves out is found as ` + "`signer sign`" + ` finds it, by the claim's name.`,
		Example: `  signer sign-request echo.request.json --issuer release_account.nk > echo.jwt
  signer embed build/echo.wasm echo.jwt`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := signing.ReadSmall(cmd.Context(), s, args[0])
			if err != nil {
				return fmt.Errorf("reading the request: %w", err)
			}
			c, err := readRequest(body)
			if err != nil {
				return fmt.Errorf("the request in %s: %w", args[0], err)
			}
			token, err := signRequest(s, c, &keys)
			if err != nil {
				return err
			}
			return printToken(cmd, s, token)
		},
	}
	keys.Add(cmd, "")
	return cmd
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
	if c.Subject != "" {
		if _, err := strkey.ParsePublic(c.Subject, strkey.Module); err != nil {
			return nil, fmt.Errorf("the subject (sub): %w", err)
		}
	}
	return c, nil
}

func signRequest(s *cli.IO, c *claims.Claims[claims.Actor], keys *signing.KeyFlags) (string, error) {
	issuer, err := keys.Account(s)
	if err != nil {
		return "", err
	}
	if c.Issuer != "" && c.Issuer != issuer.Public() {
		return "", fmt.Errorf("the request is for the issuer %s, and the key found is %s: give its seed by --issuer", c.Issuer, issuer.Public())
	}
	if c.Subject == "" || keys.Subject != "" {
		subject, err := keys.Identity(s, strkey.Module, c.Metadata.Name, issuer.Public(), c.Metadata.Name)
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
