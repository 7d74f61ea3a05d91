package signing

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// Earlier is a file with a token that was signed before, by whoever has the key. Where it says what is to be
// signed now it is taken as it is: nobody signs, and no key is looked for.
type Earlier struct {
	Path string
	Keys *KeyFlags
	Kind strkey.Kind // of the subject: Module or Service
}

// Fits gives the earlier token if it says what is claimed now, else what it says otherwise, one line for each
// claim. Of issuer and subject the claims may lack what was not asked for by a flag or the environment: whoever
// signed knew them.
func Fits[M any](cmd *cobra.Command, s *cli.IO, e Earlier, c claims.Claims[M], name string, claimed func(*claims.Claims[M], bool) Claimed[M]) (token, differs string, err error) {
	if token, err = ReadToken(cmd.Context(), s, e.Path); err != nil {
		return "", "", err
	}
	lasting := cmd.Flags().Changed("expires")
	want := claimed(&c, lasting)
	got, err := want.parse(token)
	if err != nil {
		return "", "", fmt.Errorf("the token in %s: %w", e.Path, err)
	}
	c.Issuer, c.Subject = got.Issuer, got.Subject
	if e.Keys.Issuer != "" || s.Env(strkey.IssuerVariable) != "" {
		issuer, err := e.Keys.Account(s)
		if err != nil {
			return "", "", err
		}
		c.Issuer = issuer.Public()
	}
	if e.Keys.Subject != "" || s.Env(strkey.SubjectVariable) != "" {
		subject, err := e.Keys.Identity(s, e.Kind, "", c.Issuer, name)
		if err != nil {
			return "", "", err
		}
		c.Subject = string(subject)
	}
	if differs, err = want.Differs(token); err != nil || differs != "" {
		return "", differs, err
	}
	switch {
	case got.Revision != c.Revision:
		return "", "  form of the signature: another is wanted (--section)\n", nil
	case lasting && got.Expires <= s.Now().Unix():
		return "", "  expires: it did " + Human(got.Expires, s.Now().Unix()) + "\n", nil
	}
	return token, "", nil
}

// NoteEarlier says that an earlier token was of no use.
func NoteEarlier(s *cli.IO, path, differs string) {
	cli.Notef(s, "%s was signed for something else, and is left aside:\n%sa new one is made by `signer sign-request`, with the key", path, differs)
}
