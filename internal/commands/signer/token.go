package signer

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

func tokenCommand(s *cli.IO) *cobra.Command {
	cmd := &cobra.Command{Use: "token", Short: "Make a token without touching a file"}
	cmd.AddCommand(tokenActor(s), tokenProvider(s), tokenSigners(s, strkey.Operator), tokenSigners(s, strkey.Account))
	return cmd
}

func printToken(cmd *cobra.Command, s *cli.IO, token string) error {
	result := struct {
		Token string `json:"token"`
	}{token}
	return cli.Print(cmd, s, result, func(w io.Writer) { fmt.Fprintln(w, token) })
}

func checkHash(hash string) error {
	if !regexp.MustCompile(`^[0-9A-F]{64}$`).MatchString(hash) {
		return cli.Usage("%q is no hash: want 64 upper-case hex digits, as `signer hash` prints them", hash)
	}
	return nil
}

func tokenActor(s *cli.IO) *cobra.Command {
	var (
		actor    actorFlags
		keys     signing.KeyFlags
		when     signing.DateFlags
		section  sectionFlag
		hash     string
		unsigned bool
	)
	cmd := &cobra.Command{
		Use:   "actor --name NAME --hash HASH",
		Short: "Make the token of a module with a given hash",
		Long: `Make the token of the module whose hash is given; ` + "`signer embed`" + ` puts it into the module. The two give the bytes that
` + "`signer sign`" + ` gives. With --unsigned the claims are printed instead, for ` + "`signer sign-request`" + ` on another machine.`,
		Example: `  signer token actor --name echo -q --hash "$(signer hash build/echo.wasm)" > echo.jwt
  signer token actor --name echo -q --hash "$(signer hash build/echo.wasm)" --unsigned > echo.request.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			meta, err := actor.metadata(s, cmd)
			if err != nil {
				return err
			}
			if meta.Hash = hash; hash == "" {
				cli.Notef(s, "note: without --hash the token fits no module")
			} else if err := checkHash(hash); err != nil {
				return err
			}
			if unsigned {
				return printRequest(cmd, s, meta, &keys, &when, &section)
			}
			c, err := unsignedClaims(cmd, s, meta, &when, &section)
			if err != nil {
				return err
			}
			issuer, err := actorKeys(s, &c, &keys, actor.name)
			if err != nil {
				return err
			}
			signing.NoteDevelopment(s, issuer)
			token, err := claims.Sign(c, issuer)
			if err != nil {
				return err
			}
			return printToken(cmd, s, token)
		},
	}
	actor.add(cmd)
	keys.Add(cmd, "")
	when.Add(cmd, true)
	section.add(cmd)
	cmd.Flags().StringVar(&hash, "hash", "", "`hash` of the module, as `signer hash` prints it")
	cmd.Flags().BoolVar(&unsigned, "unsigned", false, "print the claims as a request for sign-request; no key is needed")
	return cmd
}

// printRequest prints the claims with what is known without a key: the subject
// only if it was given, the issuer never.
func printRequest(cmd *cobra.Command, s *cli.IO, meta *claims.Actor, keys *signing.KeyFlags, when *signing.DateFlags, section *sectionFlag) error {
	c, err := unsignedClaims(cmd, s, meta, when, section)
	if err != nil {
		return err
	}
	// "" would be derived from an issuer that is not known yet: the signer does that.
	if keys.Subject != "" || s.Env(strkey.SubjectVariable) != "" {
		subject, err := keys.Identity(s, strkey.Module, "", "", meta.Name)
		if err != nil {
			return err
		}
		c.Subject = string(subject)
	}
	body, err := claims.Encode(c)
	if err != nil {
		return err
	}
	// A request is JSON in either format.
	_, err = fmt.Fprintf(s.Out, "%s\n", body)
	return err
}

// tokenSigners makes the commands for operators, which sign themselves, and for
// accounts, which operators sign.
func tokenSigners(s *cli.IO, kind strkey.Kind) *cobra.Command {
	var (
		keys       signing.KeyFlags
		when       signing.DateFlags
		name       string
		additional []string
	)
	cmd := &cobra.Command{
		Use:     kind.String() + " --name NAME",
		Short:   fmt.Sprintf("Make the token of an %s, signed by an operator key (O…)", kind),
		Example: fmt.Sprintf("  signer token %s --name acme --issuer acme_operator.nk", kind),
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if name == "" {
				return cli.Usage("the %s needs a name: --name NAME", kind)
			}
			found, err := keys.Keys(s).Find(strkey.Operator, keys.Issuer, strkey.IssuerVariable, name)
			if err != nil {
				return fmt.Errorf("finding the operator key (--issuer): %w", err)
			}
			signing.WarnArgv(s, found, "--issuer")
			issuer, subject := found.Seed, found.Public
			if kind == strkey.Account {
				if subject, err = accountKey(s, &keys, name); err != nil {
					return err
				}
			}
			meta := &claims.Signers{Name: &name, ValidSigners: []strkey.PublicKey{}}
			for _, text := range additional {
				signer, err := publicKey(text, kind)
				if err != nil {
					return fmt.Errorf("--additional-key: %w", err)
				}
				meta.ValidSigners = append(meta.ValidSigners, signer)
			}
			return signToken(cmd, s, &when, string(subject), meta, issuer)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&name, "name", "n", "", "`name` (required)")
	f.StringArrayVarP(&additional, "additional-key", "a", nil, "another `key` that may sign: a public key or a seed file (repeatable)")
	keys.Add(cmd, "")
	when.Add(cmd, true)
	return cmd
}

// accountKey finds the account that an operator vouches for.
func accountKey(s *cli.IO, keys *signing.KeyFlags, name string) (strkey.PublicKey, error) {
	arg := keys.Subject
	if arg == "" {
		arg = s.Env(strkey.SubjectVariable)
	}
	if pub, err := strkey.ParsePublic(arg, strkey.Account); err == nil {
		return pub, nil
	}
	found, err := keys.Keys(s).Find(strkey.Account, arg, "", name)
	if err != nil {
		return "", fmt.Errorf("finding the account key (--subject): %w", err)
	}
	signing.WarnArgv(s, found, "--subject")
	return found.Public, nil
}

// publicKey reads a key of which the public half is enough.
func publicKey(text string, kind strkey.Kind) (strkey.PublicKey, error) {
	pub, err := strkey.ParsePublic(strings.TrimSpace(text), kind)
	if err == nil {
		return pub, nil
	}
	seed, fileErr := strkey.ReadFile(text, kind)
	if fileErr == nil {
		return seed.Public(), nil
	}
	if seed, seedErr := strkey.ParseSeed([]byte(text), kind); seedErr == nil {
		return seed.Public(), nil
	}
	return "", errors.Join(err, fileErr)
}

func signToken[M any](cmd *cobra.Command, s *cli.IO, when *signing.DateFlags, subject string, meta *M, issuer *strkey.Seed) error {
	at, err := when.Resolve(s, cmd)
	if err != nil {
		return err
	}
	id, err := when.FreshID()
	if err != nil {
		return err
	}
	token, err := claims.Sign(claims.Claims[M]{
		Expires: at.Expires, ID: id, IssuedAt: at.Issued, Subject: subject, NotBefore: at.NotBefore,
		Metadata: meta, Revision: claims.Revision,
	}, issuer)
	if err != nil {
		return err
	}
	return printToken(cmd, s, token)
}
